using OpSync.K8s.Kustomize;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>The overlays of this repository.</summary>
internal static class Overlay
{
    public static TheoryData<string> Names { get; } = ["dev", "prod"];

    public static string Directory(string name) => RepositoryRoot.Combine("k8s", "overlays", name);

    public static IReadOnlyList<Manifest> Render(string name) => Kustomization.Render(Directory(name));
}
