using System.Globalization;
using System.Text.Json.Nodes;
using OpSync.Gateway;
using OpSync.Gateway.Rpc;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>What every pod keeps to, and how long and how much it gets.</summary>
public sealed class HardeningTests
{
    /// <summary>A process ends within 10 s of SIGTERM (docs/operations.md); the rest is for a slow node.</summary>
    private const int StopSeconds = 10, SpareSeconds = 5;

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Every_pod_runs_without_privilege(string overlay)
    {
        Manifest[] workloads = [.. Overlay.Render(overlay).Where(o => o.Pod is not null)];

        Assert.True(workloads.Length >= 3);
        Assert.All(workloads, workload =>
        {
            JsonObject pod = workload.Pod!;
            Assert.True(pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
            Assert.NotEqual(0L, pod["securityContext"]!["runAsUser"]!.GetValue<long>());
            Assert.Equal("RuntimeDefault", pod["securityContext"]!["seccompProfile"]!["type"]!.ToString());
            Assert.DoesNotContain(pod, f => f.Key.StartsWith("host", StringComparison.Ordinal));
            Assert.DoesNotContain(workload.Volumes, v => v.ContainsKey("hostPath"));
            Assert.False(pod["enableServiceLinks"]!.GetValue<bool>());

            // Only silos ask Kubernetes anything.
            Assert.Equal(workload.Name == "opsync-silo", pod["automountServiceAccountToken"]!.GetValue<bool>());
        });
        Assert.All(workloads.SelectMany(w => w.Containers), container =>
        {
            JsonNode context = container["securityContext"]!;
            Assert.True(context["readOnlyRootFilesystem"]!.GetValue<bool>());
            Assert.False(context["allowPrivilegeEscalation"]!.GetValue<bool>());
            Assert.Equal("ALL", Assert.Single(context["capabilities"]!["drop"]!.AsArray())!.ToString());
            Assert.NotNull(container["resources"]!["requests"]!["cpu"]);
            Assert.NotNull(container["resources"]!["limits"]!["memory"]);
            Assert.Null(container["resources"]!["limits"]!["cpu"]);
            Assert.Matches(@"^[a-z./-]+:[0-9]+\.[0-9]+[a-z0-9.-]*$", container["image"]!.ToString());
        });
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Every_service_is_probed_and_has_time_to_end(string overlay)
    {
        Manifest[] services = [.. Overlay.Render(overlay).Where(o => o.Kind is "StatefulSet" or "Deployment" && o.Name.StartsWith("opsync-", StringComparison.Ordinal))];

        Assert.Equal(2, services.Length);
        Assert.All(services, service =>
        {
            JsonObject container = Assert.Single(service.Containers);
            Assert.Equal("/readyz", container["readinessProbe"]!["httpGet"]!["path"]!.ToString());
            Assert.All(new[] { "startupProbe", "livenessProbe" }, p => Assert.Equal("/healthz", container[p]!["httpGet"]!["path"]!.ToString()));
            long preStop = container["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!.GetValue<long>();
            Assert.True(service.Pod!["terminationGracePeriodSeconds"]!.GetValue<long>() >= preStop + StopSeconds + SpareSeconds);
        });
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void A_process_has_room_for_what_it_may_hold(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        JsonNode settings = JsonNode.Parse(objects.Single(o => o.Kind == "ConfigMap").Node["data"]!["opsync.json"]!.ToString())!;
        RpcLimits rpc = new();
        long gateway = new GatewayLimits().BlockBytesMax + rpc.BodiesBytesMax + rpc.AnswersBytesMax;

        Assert.Null(settings["http"]!["limits"]);
        AssertRoom("StatefulSet opsync-silo", settings["memoryBudgetMib"]!.GetValue<long>() << 20);
        AssertRoom("Deployment opsync-gateway", gateway);

        // .NET keeps its heap within three quarters of the limit; a process needs 200 MB beside what it accounts for.
        void AssertRoom(string workload, long accounted)
        {
            string limit = objects.Single(o => o.ToString() == workload).Containers.Single()["resources"]!["limits"]!["memory"]!.ToString();
            Assert.True(Bytes(limit) * 3 / 4 >= accounted + 200_000_000, $"{workload}: {limit}");
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Ports_of_the_engine_are_open_to_pods_of_the_cluster_only(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        JsonObject[] rules =
        [
            .. objects.Where(o => o.Kind == "NetworkPolicy").SelectMany(o => Manifest.Items(o.Node["spec"]!["ingress"]))
                .Where(r => !r.ContainsKey("ports") || Manifest.Items(r["ports"]).Any(p => p["port"]!.ToString().StartsWith("orleans-", StringComparison.Ordinal))),
        ];

        Assert.Equal(2, rules.Length);
        Assert.All(rules.SelectMany(r => Manifest.Items(r["from"])), from => Assert.Equal(
            ("podSelector", "opsync"), (Assert.Single(from).Key, from["podSelector"]!["matchLabels"]!["app.kubernetes.io/name"]!.ToString())));
        Assert.All(rules, r => Assert.NotEmpty(Manifest.Items(r["from"])));
        Assert.Contains(objects, o => o.Name == "opsync-deny" && !o.Node["spec"]!.AsObject().ContainsKey("ingress"));
    }

    /// <summary>What UseKubernetesHosting of Orleans calls: it reads its own pod, lists and watches those with the labels of its cluster, and
    /// would patch its own if it lacked them.</summary>
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Silos_may_look_at_pods_and_no_more(string overlay)
    {
        IReadOnlyList<Manifest> objects = Overlay.Render(overlay);
        JsonObject rule = Assert.Single(Manifest.Items(Assert.Single(objects, o => o.Kind == "Role").Node["rules"]));
        JsonNode settings = JsonNode.Parse(objects.Single(o => o.Kind == "ConfigMap").Node["data"]!["opsync.json"]!.ToString())!;
        JsonObject labels = objects.Single(o => o.ToString() == "StatefulSet opsync-silo").PodLabels;

        Assert.Equal("""{"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]}""", rule.ToJsonString());
        Assert.Equal(settings["cluster"]?["id"]?.ToString() ?? "opsync", labels["orleans/clusterId"]!.ToString());
        Assert.Equal(settings["cluster"]?["service"]?.ToString() ?? "opsync", labels["orleans/serviceId"]!.ToString());
    }

    private static long Bytes(string quantity) => long.Parse(quantity[..^2], CultureInfo.InvariantCulture) << (quantity[^2..] switch
    {
        "Mi" => 20,
        "Gi" => 30,
        _ => throw new InvalidDataException(quantity),
    });
}
