using System.Text.Json.Nodes;

namespace OpSync.K8s.Manifests;

/// <summary>Who selects whom in a rendering.</summary>
internal static class Selectors
{
    private const string PodNameLabel = "statefulset.kubernetes.io/pod-name";

    /// <summary>The pods that the workloads make: their labels and their specification. A StatefulSet makes one for each replica, and labels
    /// it with its name.</summary>
    public static IReadOnlyList<(JsonObject Labels, JsonObject Spec)> Pods(IReadOnlyList<Manifest> objects)
    {
        List<(JsonObject, JsonObject)> pods = [];
        foreach (Manifest workload in objects.Where(o => o.Pod is not null))
        {
            long count = workload.Kind == "StatefulSet" ? workload.Node["spec"]!["replicas"]!.GetValue<long>() : 1;
            for (long i = 0; i < count; i++)
            {
                JsonObject labels = workload.PodLabels.DeepClone().AsObject();
                if (workload.Kind == "StatefulSet") labels[PodNameLabel] = $"{workload.Name}-{i}";
                pods.Add((labels, workload.Pod!));
            }
        }

        return pods;
    }

    /// <summary>Whether labels are what a selector asks for: a map, or matchLabels and matchExpressions with In.</summary>
    public static bool Matches(JsonNode? selector, JsonObject labels)
    {
        JsonObject fields = selector?.AsObject() ?? throw new InvalidDataException("A selector is missing.");
        if (!fields.ContainsKey("matchLabels") && !fields.ContainsKey("matchExpressions")) return fields.All(p => labels[p.Key]?.ToString() == p.Value!.ToString());
        return (fields["matchLabels"]?.AsObject() ?? []).All(p => labels[p.Key]?.ToString() == p.Value!.ToString())
            && Manifest.Items(fields["matchExpressions"]).All(e =>
                e["operator"]!.ToString() == "In" && e["values"]!.AsArray().Any(v => v!.ToString() == labels[e["key"]!.ToString()]?.ToString()));
    }

    /// <summary>Whether a container of a pod has a port of that name, or number.</summary>
    public static bool HasPort(JsonObject spec, JsonNode? port) =>
        Manifest.Items(spec["containers"]).SelectMany(c => Manifest.Items(c["ports"])).Any(p => p["name"]!.ToString() == port!.ToString());
}
