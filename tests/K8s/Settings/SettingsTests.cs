using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpSync.K8s.Kustomize;
using OpSync.K8s.Manifests;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Settings;

/// <summary>Every variable, flag, file and port that the manifests give to a container is one the program knows.</summary>
public sealed partial class SettingsTests
{
    private const string Connection = "Host=db.example;Database=opsync;Username=opsync";
    private static readonly string Hash = new('a', 64);

    [Theory]
    [InlineData("dev", "StatefulSet opsync-silo")]
    [InlineData("dev", "Deployment opsync-gateway")]
    [InlineData("prod", "StatefulSet opsync-silo")]
    [InlineData("prod", "Deployment opsync-gateway")]
    public async Task Container_is_given_what_its_role_reads(string overlay, string workload)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        JsonObject container = Assert.Single(objects.Single(o => o.ToString() == workload).Containers);
        string settings = Assert.Single(Assert.Single(objects, o => o.Kind == "ConfigMap").Node["data"]!.AsObject()).Value!.ToString();

        string output = await ConfigCheck.RunAsync(Arguments(container["args"]), Variables(container), settings);

        Assert.Equal([.. Manifest.Items(container["ports"]).Select(p => p["containerPort"]!.GetValue<long>())], ConfigCheck.Ports(output));
        if (workload.StartsWith("StatefulSet", StringComparison.Ordinal)) Assert.Contains("silo 'opsync-silo-0' at 10.1.2.3, ", output, StringComparison.Ordinal);
        if (workload.StartsWith("StatefulSet", StringComparison.Ordinal)) Assert.Contains("identity /etc/opsync-identity/opsync-silo-0.key", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silo-1")]
    [InlineData("gateway")]
    public async Task Compose_gives_what_the_role_reads(string name)
    {
        JsonNode service = Yaml.Read(await File.ReadAllTextAsync(RepositoryRoot.Combine("deploy", "compose.yaml")), "compose.yaml")["services"]![name]!;
        Dictionary<string, string> variables = service["environment"]!.AsObject().ToDictionary(p => p.Key, p => Required().Replace(p.Value!.ToString(), Hash));
        string settings = await File.ReadAllTextAsync(RepositoryRoot.Combine("deploy", "compose", "opsync.json"));
        string image = await File.ReadAllTextAsync(RepositoryRoot.Combine("deploy", service["build"]!["dockerfile"]!.ToString()["deploy/".Length..]));

        string output = await ConfigCheck.RunAsync(Arguments(JsonNode.Parse(Command().Match(image).Groups[1].Value)), variables, settings);

        Assert.Equal(
            Images.Dockerfile.Read(image).Where(i => i.Name == "EXPOSE").SelectMany(i => i.Text.Split(' ')).Select(long.Parse).ToHashSet(), ConfigCheck.Ports(output));
    }

    [Fact]
    public async Task Migration_is_a_command_that_needs_the_database_only()
    {
        JsonObject container = Assert.Single(Overlay.Render("prod").Single(o => o.Kind == "Job").Containers);
        Dictionary<string, string> variables = Variables(container);

        // It gets as far as the connection string.
        variables["OPSYNC_POSTGRES"] = "Database=opsync";
        (_, _, string error) = await ConfigCheck.OpsyncAsync(Arguments(container["args"]), variables, Path.GetTempPath());

        Assert.Equal(["OPSYNC_POSTGRES"], variables.Keys);
        Assert.Contains("names no host", error, StringComparison.Ordinal);
    }

    private static string[] Arguments(JsonNode? args) => [.. args!.AsArray().Select(a => a!.ToString())];

    /// <summary>The environment as the first pod would have it.</summary>
    private static Dictionary<string, string> Variables(JsonObject container)
    {
        Dictionary<string, string> variables = [];
        foreach (JsonObject variable in Manifest.Items(container["env"]))
        {
            string? value = variable["value"]?.ToString() ?? (variable["valueFrom"]!["fieldRef"]?["fieldPath"]?.ToString() switch
            {
                "metadata.name" => "opsync-silo-0",
                "metadata.namespace" => "opsync",
                "status.podIP" => "10.1.2.3",
                _ => variable["valueFrom"]!["secretKeyRef"]!["name"]!.ToString() == "opsync-postgres" ? Connection : Hash,
            });
            variables[variable["name"]!.ToString()] = Reference().Replace(value, m => variables[m.Groups[1].Value]);
        }

        return variables;
    }

    [GeneratedRegex(@"\$\(([A-Z_0-9]+)\)")]
    private static partial Regex Reference();

    /// <summary>A variable of the shell that must be set.</summary>
    [GeneratedRegex(@"\$\{[A-Z_]+:\?[^}]+\}")]
    private static partial Regex Required();

    [GeneratedRegex(@"^CMD (\[.*\])$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
