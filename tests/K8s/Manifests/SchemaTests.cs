using System.Diagnostics;
using System.Text.Json.Nodes;
using OpSync.Interop;
using OpSync.K8s.Kustomize;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>The rendered objects are what Kubernetes takes, to the last field.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Rendered_objects_keep_to_the_schemas(string overlay) =>
        Assert.Empty(await FaultsAsync(Kustomization.Render(RepositoryRoot.Combine("k8s", "overlays", overlay))));

    [Theory]
    [InlineData("{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { selector: { a: b }, ports: [{ port: 1, targetport: x }] } }", "/spec/ports/0/targetport is unknown")]
    [InlineData("{ apiVersion: v1, kind: Service, metadata: { name: a, lables: { a: b } } }", "/metadata/lables is unknown")]
    [InlineData("{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: http }] } }", "/spec/ports/0/port must be integer")]
    [InlineData("{ apiVersion: apps/v1, kind: Service, metadata: { name: a } }", "has no such kind")]
    [InlineData("{ apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: { name: a }, spec: { selector: {}, endpoints: [{ portt: http }] } }", "/spec/endpoints/0/portt is unknown")]
    public async Task Object_that_breaks_its_schema_is_found(string text, string fault) =>
        Assert.Contains(fault, Assert.Single(await FaultsAsync([new Manifest(Yaml.Read(text, "test"))])), StringComparison.Ordinal);

    private static async Task<string[]> FaultsAsync(IEnumerable<Manifest> objects)
    {
        string directory = await JsEnvironment.RequireAsync("schemas", "K8s");
        using Process process = Process.Start(new ProcessStartInfo("node", ["validate.cjs"])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(new JsonArray([.. objects.Select(o => o.Node.DeepClone())]).ToJsonString());
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return [.. JsonNode.Parse(output)!.AsArray().Select(f => f!.ToString())];
    }
}
