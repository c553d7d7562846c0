using System.Text.Json.Nodes;
using OpSync.K8s.Manifests;

namespace OpSync.K8s.Kustomize;

/// <summary>Renders a kustomization of this repository: the part of kustomize that the manifests use. A field that is not known here is
/// refused, so nothing is rendered otherwise than <c>kubectl apply -k</c> would; where that is installed, a test compares the two.</summary>
internal static class Kustomization
{
    private const string FileName = "kustomization.yaml";

    /// <summary>Kinds that belong to no namespace.</summary>
    private static readonly HashSet<string> ClusterKinds = ["Namespace"];

    /// <summary>Kinds with a template of pods, which gets the labels too.</summary>
    private static readonly HashSet<string> TemplateKinds = ["Deployment", "StatefulSet", "Job"];

    /// <summary>The objects that a directory stands for.</summary>
    /// <param name="directory">A directory with a kustomization.yaml.</param>
    /// <exception cref="InvalidDataException">Something is wrong, or not known here.</exception>
    public static IReadOnlyList<Manifest> Render(string directory)
    {
        List<JsonObject> objects = [];
        Accumulate(objects, directory);
        NameConfigMaps(objects);
        return [.. objects.Select(o => new Manifest(o))];
    }

    /// <summary>Adds what a directory has to the objects so far, and changes those as it says.</summary>
    private static void Accumulate(List<JsonObject> objects, string directory)
    {
        string file = Path.Combine(directory, FileName);
        JsonObject content = Yaml.Read(File.ReadAllText(file), file);
        bool isComponent = content["kind"]?.ToString() == "Component";
        List<JsonObject> own = isComponent ? objects : [];

        foreach (string resource in Texts(content, "resources")) AddResource(own, Path.Combine(directory, resource));
        foreach (string component in Texts(content, "components")) Accumulate(own, Path.Combine(directory, component));
        foreach (JsonObject generator in Objects(content, "configMapGenerator")) Generate(own, generator, directory);
        foreach (JsonObject patch in Objects(content, "patches")) Patch(own, patch, directory);
        foreach ((string name, JsonNode? value) in content)
        {
            switch (name)
            {
                case "apiVersion" or "kind" or "resources" or "components" or "configMapGenerator" or "patches":
                    break;
                case "namespace":
                    own.ForEach(o => SetNamespace(o, value!.ToString(), own));
                    break;
                case "labels":
                    foreach (JsonObject labels in Objects(content, name)) own.ForEach(o => Label(o, labels));
                    break;
                case "images":
                    foreach (JsonObject image in Objects(content, name)) own.ForEach(o => Rename(o, image));
                    break;
                default:
                    throw new InvalidDataException($"{file}: '{name}' is not known here.");
            }
        }

        if (!isComponent) objects.AddRange(own);
    }

    private static void AddResource(List<JsonObject> objects, string path)
    {
        if (Directory.Exists(path))
        {
            Accumulate(objects, path);
            return;
        }

        foreach (JsonObject added in Yaml.ReadAll(File.ReadAllText(path), path).Cast<JsonObject>())
        {
            if (added["kind"]!.ToString() == "ConfigMap") throw new InvalidDataException($"{path}: a ConfigMap is to be generated, so that its change rolls the pods.");
            Add(objects, path, added);
        }
    }

    private static void Add(List<JsonObject> objects, string path, JsonObject added)
    {
        if (objects.Exists(o => IsSame(o, added))) throw new InvalidDataException($"{path}: {new Manifest(added)} is there twice.");
        objects.Add(added);
    }

    private static void Generate(List<JsonObject> objects, JsonObject generator, string directory)
    {
        Refuse(generator, "configMapGenerator", "name", "files");
        Add(objects, directory, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = generator["name"]!.ToString() },
            ["data"] = new JsonObject(Texts(generator, "files")
                .Select(f => KeyValuePair.Create(Path.GetFileName(f), (JsonNode?)File.ReadAllText(Path.Combine(directory, f))))),
        });
    }

    private static void Patch(List<JsonObject> objects, JsonObject patch, string directory)
    {
        Refuse(patch, "patches", "path");
        string path = Path.Combine(directory, patch["path"]!.ToString());
        JsonObject content = Yaml.Read(File.ReadAllText(path), path);
        JsonObject target = objects.Find(o => IsSame(o, content)) ?? throw new InvalidDataException($"{path}: there is no {new Manifest(content)}.");
        StrategicMerge.Apply(target, content);
    }

    private static void SetNamespace(JsonObject o, string name, List<JsonObject> all)
    {
        if (ClusterKinds.Contains(o["kind"]!.ToString())) return;
        o["metadata"]!["namespace"] = name;
        foreach (JsonObject subject in Objects(o, "subjects"))
        {
            bool isOurs = all.Exists(a => a["kind"]!.ToString() == subject["kind"]!.ToString() && a["metadata"]!["name"]!.ToString() == subject["name"]!.ToString());
            if (isOurs) subject["namespace"] = name;
        }
    }

    private static void Label(JsonObject o, JsonObject labels)
    {
        Refuse(labels, "labels", "pairs", "includeTemplates");
        List<JsonNode> places = [o["metadata"]!];
        if (labels["includeTemplates"]?.GetValue<bool>() == true && TemplateKinds.Contains(o["kind"]!.ToString())) places.Add(o["spec"]!["template"]!["metadata"]!);
        foreach (JsonObject place in places.Cast<JsonObject>())
        {
            JsonObject present = place["labels"]?.AsObject() ?? [];
            foreach ((string name, JsonNode? value) in labels["pairs"]!.AsObject()) present[name] = value!.DeepClone();
            place["labels"] = present;
        }
    }

    private static void Rename(JsonObject o, JsonObject image)
    {
        Refuse(image, "images", "name", "newName", "newTag");
        foreach (JsonObject container in new Manifest(o).Containers.Where(c => c["image"]!.ToString() == image["name"]!.ToString()))
        {
            container["image"] = $"{image["newName"] ?? image["name"]}:{image["newTag"]}";
        }
    }

    /// <summary>Gives the maps, all of them generated, the names with their hashes, and those to the volumes that refer to them.</summary>
    private static void NameConfigMaps(List<JsonObject> objects)
    {
        foreach (JsonObject map in objects.Where(o => o["kind"]!.ToString() == "ConfigMap"))
        {
            string name = map["metadata"]!["name"]!.ToString();
            string full = GeneratedName.Of(name, map["data"]!.AsObject());
            map["metadata"]!["name"] = full;
            foreach (JsonObject volume in objects.SelectMany(o => new Manifest(o).Volumes).Where(v => v["configMap"]?["name"]?.ToString() == name))
            {
                volume["configMap"]!["name"] = full;
            }
        }
    }

    private static bool IsSame(JsonObject a, JsonObject b) => new Manifest(a).ToString() == new Manifest(b).ToString();

    private static IEnumerable<string> Texts(JsonObject o, string name) => o[name]?.AsArray().Select(t => t!.ToString()) ?? [];

    private static IEnumerable<JsonObject> Objects(JsonObject o, string name) => o[name]?.AsArray().Cast<JsonObject>() ?? [];

    private static void Refuse(JsonObject o, string what, params ReadOnlySpan<string> known)
    {
        foreach ((string name, _) in o)
        {
            if (!known.Contains(name)) throw new InvalidDataException($"'{name}' of {what} is not known here.");
        }
    }
}
