using System.Text.Json.Nodes;
using OpSync.Interop;
using OpSync.K8s.Manifests;
using Xunit;

namespace OpSync.K8s.Kustomize;

/// <summary>The overlays render, and as kustomize renders them.</summary>
public sealed class RenderingTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Overlay_renders_as_kubectl_renders_it(string overlay)
    {
        string directory = Overlay.Directory(overlay);
        Dictionary<string, JsonObject> ours = ByName(Overlay.Render(overlay));
        Dictionary<string, JsonObject> theirs = await KubectlAsync(directory) is { } text
            ? ByName(Yaml.ReadAll(text, "kubectl").Select(n => new Manifest(n.AsObject())))
            : ours;

        Assert.Equal(theirs.Keys.Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        Assert.All(ours, o => Assert.Equal(Sorted(theirs[o.Key])!.ToJsonString(), Sorted(o.Value)!.ToJsonString()));
        Assert.Contains("StatefulSet opsync-silo", ours.Keys);
    }

    [Theory]
    [InlineData("resources: []\nnamePrefix: x-\n", "'namePrefix' is not known here")]
    [InlineData("configMapGenerator: [{ name: a, literals: [x=y] }]\n", "'literals' of configMapGenerator is not known here")]
    [InlineData("configMapGenerator: [{ name: a }, { name: a }]\n", "is there twice")]
    [InlineData("patches: [{ path: account.yaml }]\n", "there is no ServiceAccount one")]
    [InlineData("resources: [account.yaml, account.yaml]\n", "is there twice")]
    [InlineData("resources: [map.yaml]\n", "is to be generated")]
    [InlineData("resources: [account.yaml]\nresources: []\n", "uplicate")]
    public void Kustomization_that_is_not_understood_is_refused(string text, string reason)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("opsync-k8s-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "kustomization.yaml"), text);
            File.WriteAllText(Path.Combine(directory.FullName, "account.yaml"), "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: one }\n");
            File.WriteAllText(Path.Combine(directory.FullName, "map.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\ndata: {}\n");

            Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Kustomization.Render(directory.FullName)).Message, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>What <c>kubectl kustomize</c> makes of a directory; null without a kubectl that knows components (kustomize 3.7).</summary>
    private static async Task<string?> KubectlAsync(string directory)
    {
        (int exitCode, string version) = await JsEnvironment.RunAsync("kubectl", ["version", "--client", "-o", "json"], directory);
        if (exitCode != 0 || JsonNode.Parse(version)?["kustomizeVersion"]?.ToString().StartsWith("v5.", StringComparison.Ordinal) != true) return null;
        (exitCode, string output) = await JsEnvironment.RunAsync("kubectl", ["kustomize", directory], directory);
        Assert.True(exitCode == 0, output);
        return output;
    }

    private static Dictionary<string, JsonObject> ByName(IEnumerable<Manifest> objects) => objects.ToDictionary(o => o.ToString(), o => o.Node);

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
