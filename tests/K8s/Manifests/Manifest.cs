using System.Text.Json.Nodes;

namespace OpSync.K8s.Manifests;

/// <summary>A Kubernetes object.</summary>
internal sealed record Manifest(JsonObject Node)
{
    public string Kind => Node["kind"]!.ToString();

    public string Name => Node["metadata"]!["name"]!.ToString();

    /// <summary>The specification of the pods it makes, or null.</summary>
    public JsonObject? Pod => Template?["spec"]?.AsObject();

    /// <summary>The labels of the pods it makes.</summary>
    public JsonObject PodLabels => Template?["metadata"]?["labels"]?.AsObject() ?? [];

    public IEnumerable<JsonObject> Containers => Items(Pod?["initContainers"]).Concat(Items(Pod?["containers"]));

    public IEnumerable<JsonObject> Volumes => Items(Pod?["volumes"]);

    private JsonNode? Template => Kind is "StatefulSet" or "Deployment" or "Job" ? Node["spec"]?["template"] : null;

    /// <summary>The objects of a list; none where there is no list.</summary>
    public static IEnumerable<JsonObject> Items(JsonNode? list) => list?.AsArray().Cast<JsonObject>() ?? [];

    /// <summary>Every object inside a node, itself included.</summary>
    public static IEnumerable<JsonObject> Within(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(p => Within(p.Value)).Prepend(o),
        JsonArray a => a.SelectMany(Within),
        _ => [],
    };

    public override string ToString() => $"{Kind} {Name}";
}
