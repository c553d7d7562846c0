using System.Text.Json.Nodes;
using OpSync.K8s.Kustomize;
using OpSync.K8s.Manifests;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Images;

/// <summary>The compose file of a laptop: what it names is there, and it opens no more than it must.</summary>
public sealed class ComposeTests
{
    private static readonly JsonObject Compose = Yaml.Read(File.ReadAllText(RepositoryRoot.Combine("deploy", "compose.yaml")), "compose.yaml");

    private static JsonObject Services => Compose["services"]!.AsObject();

    [Fact]
    public void Everything_that_is_named_is_there()
    {
        string[] waited = [.. Services.SelectMany(s => s.Value!["depends_on"] switch
        {
            JsonObject conditions => conditions.Select(c => c.Key),
            JsonArray names => names.Select(n => n!.ToString()),
            _ => [],
        })];
        JsonObject[] mounts = [.. Services.SelectMany(s => Manifest.Items(s.Value!["volumes"]))];
        string[] built = [.. Services.Where(s => s.Value!["build"] is not null).Select(s => s.Value!["image"]!.ToString())];

        Assert.Equal(5, Services.Count);
        Assert.All(waited, name => Assert.True(Services.ContainsKey(name), name));
        Assert.All(mounts.Where(m => m["type"]!.ToString() == "bind"), m => Assert.True(File.Exists(RepositoryRoot.Combine("deploy", m["source"]!.ToString())), m.ToString()));
        Assert.Equal(
            Compose["volumes"]!.AsObject().Select(v => v.Key).Order(StringComparer.Ordinal),
            mounts.Where(m => m["type"]!.ToString() == "volume").Select(m => m["source"]!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(
            Services.Where(s => s.Value!["build"] is not null), s => Assert.True(File.Exists(RepositoryRoot.Combine(s.Value!["build"]!["dockerfile"]!.ToString()))));

        // What is not built here is either built for another service or a named version.
        Assert.All(Services, s => Assert.True(
            built.Contains(s.Value!["image"]!.ToString()) || s.Value["image"]!.ToString() == "postgres:17.6-bookworm", s.Value["image"]!.ToString()));
    }

    [Fact]
    public void Services_run_without_privilege_and_http_stays_on_this_machine()
    {
        JsonObject[] ours = [.. Services.Where(s => s.Key != "postgres").Select(s => s.Value!.AsObject())];

        Assert.All(ours, s =>
        {
            Assert.True(s["read_only"]!.GetValue<bool>());
            Assert.Equal("""["ALL"]""", s["cap_drop"]!.ToJsonString());
            Assert.Equal("""["no-new-privileges:true"]""", s["security_opt"]!.ToJsonString());
        });
        Assert.All(Services, s => Assert.False(s.Value!.AsObject().ContainsKey("privileged")));
        Assert.Equal("""["127.0.0.1:8645:8645"]""", Services["gateway"]!["ports"]!.ToJsonString());
        Assert.False(Services["postgres"]!.AsObject().ContainsKey("ports"));
    }

    [Fact]
    public void Every_secret_comes_from_outside() => Assert.All(
        Manifest.Within(Services).Where(o => o.ContainsKey("environment")).SelectMany(o => o["environment"]!.AsObject())
            .Where(v => v.Key is "POSTGRES_PASSWORD" or "OPSYNC_POSTGRES" || v.Key.EndsWith("_HASH", StringComparison.Ordinal)),
        v => Assert.Contains("${", v.Value!.ToString(), StringComparison.Ordinal));
}
