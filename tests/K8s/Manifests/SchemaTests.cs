using System.Diagnostics;
using System.Text.Json.Nodes;
using OpSync.Interop;
using OpSync.K8s.Kustomize;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>The rendered objects are what Kubernetes takes, to the last field.</summary>
public sealed class SchemaTests
{
    [Fact]
    public async Task Rendered_objects_keep_to_the_schemas() =>
        Assert.Empty(await FaultsAsync(Overlay.Render("dev").Concat(Overlay.Render("prod"))));

    [Fact]
    public async Task Object_that_breaks_its_schema_is_found()
    {
        (string Text, string Fault)[] cases =
        [
            ("{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: 1, targetport: x }] } }", "/spec/ports/0/targetport is unknown"),
            ("{ apiVersion: v1, kind: Service, metadata: { name: a, lables: { a: b } } }", "/metadata/lables is unknown"),
            ("{ apiVersion: v1, kind: Service, metadata: { name: a }, spec: { ports: [{ port: http }] } }", "/spec/ports/0/port must be integer"),
            ("{ apiVersion: apps/v1, kind: Service, metadata: { name: a } }", "apps/v1 has no such kind"),
            ("{ apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: { name: a }, spec: { selector: {}, endpoints: [{ portt: http }] } }", "/spec/endpoints/0/portt is unknown"),
        ];

        string[] faults = await FaultsAsync(cases.Select(c => new Manifest(Yaml.Read(c.Text, "test"))));

        Assert.Equal(cases.Select(c => c.Fault), faults.Select(f => f[(f.IndexOf(':', StringComparison.Ordinal) + 2)..]));
    }

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
