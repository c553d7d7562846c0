using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>What a rendered object names is there.</summary>
public sealed partial class ReferenceTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Every_selector_finds_pods(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        IReadOnlyList<(JsonObject Labels, JsonObject Spec)> pods = Selectors.Pods(objects);
        (string Of, JsonNode? Selector)[] selectors =
        [
            .. objects.Where(o => o.Kind is "Service" or "PodDisruptionBudget").Select(o => (o.ToString(), o.Node["spec"]!["selector"])),
            .. objects.Where(o => o.Kind == "NetworkPolicy").Select(o => (o.ToString(), o.Node["spec"]!["podSelector"])),
            .. objects.SelectMany(o => Manifest.Within(o.Node)
                .Where(n => n.ContainsKey("podSelector") || n.ContainsKey("labelSelector")).Select(n => (o.ToString(), n["podSelector"] ?? n["labelSelector"]))),
        ];

        Assert.NotEmpty(selectors);
        Assert.All(selectors, s => Assert.True(pods.Any(p => Selectors.Matches(s.Selector, p.Labels)), $"{s.Of} selects nothing with {s.Selector}"));
        Assert.All(
            objects.Where(o => o.Kind is "StatefulSet" or "Deployment"),
            o => Assert.True(Selectors.Matches(o.Node["spec"]!["selector"], o.PodLabels), $"{o} does not select its own pods"));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Every_port_that_is_named_is_a_port_of_the_pods(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        IReadOnlyList<(JsonObject Labels, JsonObject Spec)> pods = Selectors.Pods(objects);
        foreach (Manifest service in objects.Where(o => o.Kind == "Service"))
        {
            JsonObject spec = service.Node["spec"]!.AsObject();
            foreach (JsonObject port in Manifest.Items(spec["ports"]))
            {
                Assert.All(
                    pods.Where(p => Selectors.Matches(spec["selector"], p.Labels)),
                    p => Assert.True(Selectors.HasPort(p.Spec, port["targetPort"]), $"{service} sends to {port["targetPort"]}, which a pod lacks"));
            }
        }

        foreach (Manifest policy in objects.Where(o => o.Kind == "NetworkPolicy"))
        {
            JsonObject spec = policy.Node["spec"]!.AsObject();
            string[] names = [.. Manifest.Within(spec["ingress"]).Where(n => n.ContainsKey("protocol")).Select(n => n["port"]!.ToString())];
            Assert.All(
                pods.Where(p => Selectors.Matches(spec["podSelector"], p.Labels)),
                p => Assert.All(names, n => Assert.True(Selectors.HasPort(p.Spec, n), $"{policy} lets in {n}, which a pod lacks")));
        }

        foreach (JsonObject container in objects.SelectMany(o => o.Containers))
        {
            HashSet<string> own = [.. Manifest.Items(container["ports"]).Select(p => p["name"]!.ToString())];
            HashSet<string> probed = [.. Manifest.Within(container).Where(n => n.ContainsKey("httpGet")).Select(n => n["httpGet"]!["port"]!.ToString())];
            Assert.Subset(own, probed);
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Everything_that_is_referred_to_is_there_or_in_the_manual(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        string manual = File.ReadAllText(RepositoryRoot.Combine("docs", "operations.md"));
        HashSet<string> there = [.. objects.Select(o => o.ToString())];
        HashSet<string> referred =
        [
            .. objects.SelectMany(o => o.Volumes).Where(v => v.ContainsKey("configMap")).Select(v => $"ConfigMap {v["configMap"]!["name"]}"),
            .. objects.Select(o => o.Pod?["serviceAccountName"]).OfType<JsonNode>().Select(n => $"ServiceAccount {n}"),
            .. objects.Where(o => o.Kind == "StatefulSet").Select(o => $"Service {o.Node["spec"]!["serviceName"]}"),
            .. objects.Where(o => o.Kind == "RoleBinding").SelectMany(o => Manifest.Items(o.Node["subjects"]).Append(o.Node["roleRef"]!.AsObject())).Select(r => $"{r["kind"]} {r["name"]}"),
            .. objects.Where(o => o.Kind == "HorizontalPodAutoscaler").Select(o => o.Node["spec"]!["scaleTargetRef"]!).Select(r => $"{r["kind"]} {r["name"]}"),
        ];
        (string Name, string Key)[] secrets =
        [
            .. objects.SelectMany(o => Manifest.Within(o.Node)).Select(n => n["secretKeyRef"] ?? n["credentials"]).OfType<JsonObject>().Select(r => (r["name"]!.ToString(), r["key"]!.ToString())),
            .. objects.SelectMany(o => o.Volumes).Select(v => v["secret"]).OfType<JsonObject>().Select(s => (s["secretName"]!.ToString(), "opsync-silo-N.key")),
        ];

        Assert.Subset(there, referred);
        Assert.NotEmpty(secrets);
        Assert.All(secrets, s => Assert.Matches($@"\| `{Regex.Escape(s.Name)}` \| `{Regex.Escape(s.Key)}` \|", manual));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Every_volume_is_mounted_and_every_mount_has_its_volume(string overlay)
    {
        foreach (Manifest workload in Overlay.Render(overlay).Where(o => o.Pod is not null))
        {
            IEnumerable<string> volumes = workload.Volumes.Select(v => v["name"]!.ToString())
                .Concat(Manifest.Items(workload.Node["spec"]!["volumeClaimTemplates"]).Select(c => c["metadata"]!["name"]!.ToString()));
            IEnumerable<string> mounts = workload.Containers.SelectMany(c => Manifest.Items(c["volumeMounts"])).Select(m => m["name"]!.ToString());

            Assert.Equal(volumes.Order(StringComparer.Ordinal), mounts.Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Variable_that_refers_to_another_comes_after_it(string overlay)
    {
        foreach (JsonObject container in Overlay.Render(overlay).SelectMany(o => o.Containers))
        {
            HashSet<string> known = [];
            foreach (JsonObject variable in Manifest.Items(container["env"]))
            {
                Assert.Subset(known, Reference().Matches(variable["value"]?.ToString() ?? "").Select(m => m.Groups[1].Value).ToHashSet());
                Assert.True(known.Add(variable["name"]!.ToString()), $"{variable["name"]} is there twice");
            }
        }
    }

    [Fact]
    public void Each_silo_of_production_can_be_reached_by_itself()
    {
        IReadOnlyList<Manifest> objects = Overlay.Render("prod");
        Manifest[] doors = [.. objects.Where(o => o.Kind == "Service" && o.Node["spec"]!["type"]?.ToString() == "LoadBalancer")];
        (JsonObject Labels, JsonObject Spec)[] silos = [.. Selectors.Pods(objects).Where(p => p.Labels["app.kubernetes.io/component"]?.ToString() == "silo")];

        Assert.Equal(3, silos.Length);
        Assert.All(silos, s => Assert.Single(doors, d => Selectors.Matches(d.Node["spec"]!["selector"], s.Labels)));
    }

    [GeneratedRegex(@"\$\(([A-Z_0-9]+)\)")]
    private static partial Regex Reference();
}
