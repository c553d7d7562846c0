using System.Text.Json.Nodes;

namespace OpSync.K8s.Kustomize;

/// <summary>Strategic merge of a patch, for the lists that our patches touch. A list that is not known here is refused rather than
/// guessed at: Kubernetes merges some lists by a key and replaces others.</summary>
internal static class StrategicMerge
{
    /// <summary>Keys of the lists that are merged, by the name of the list (Kubernetes API, <c>patchMergeKey</c>).</summary>
    private static readonly Dictionary<string, string> MergeKeys = new()
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
    };

    /// <summary>Lists that a patch replaces.</summary>
    private static readonly HashSet<string> Replaced =
        ["args", "command", "volumeClaimTemplates", "accessModes", "metrics", "requiredDuringSchedulingIgnoredDuringExecution"];

    /// <summary>Applies a patch; <c>null</c> removes.</summary>
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            switch (value, target[name])
            {
                case (null, _):
                    target.Remove(name);
                    break;
                case (JsonObject part, JsonObject inner):
                    Apply(inner, part);
                    break;
                case (JsonArray items, JsonArray present) when MergeKeys.TryGetValue(name, out string? key):
                    target[name] = MergeLists(present, items, key);
                    break;
                case (JsonArray, JsonArray) when !Replaced.Contains(name):
                    throw new InvalidDataException($"How the list '{name}' is patched is not known here.");
                default:
                    target[name] = WithoutNulls(value);
                    break;
            }
        }
    }

    // What the patch names comes first, in its order; the rest follows.
    private static JsonArray MergeLists(JsonArray present, JsonArray items, string key)
    {
        JsonArray result = [];
        foreach (JsonObject item in items.OfType<JsonObject>())
        {
            if (item.Any(p => p.Key.StartsWith('$'))) throw new InvalidDataException("Directives of patches are not known here.");
            JsonObject? twin = Find(present, key, KeyOf(item, key));
            JsonObject merged = twin?.DeepClone().AsObject() ?? [];
            Apply(merged, item);
            result.Add(merged);
        }

        foreach (JsonObject rest in present.OfType<JsonObject>().Where(p => Find(items, key, KeyOf(p, key)) is null)) result.Add(rest.DeepClone());
        return result;
    }

    private static JsonObject? Find(JsonArray list, string key, string value) => list.OfType<JsonObject>().FirstOrDefault(i => KeyOf(i, key) == value);

    private static string KeyOf(JsonObject item, string key) =>
        item[key]?.ToString() ?? throw new InvalidDataException($"An item of a list that is merged by '{key}' lacks it.");

    private static JsonNode WithoutNulls(JsonNode value)
    {
        JsonNode copy = value.DeepClone();
        if (copy is JsonObject fields)
        {
            foreach (string name in fields.Where(f => f.Value is null).Select(f => f.Key).ToArray()) fields.Remove(name);
        }

        return copy;
    }
}
