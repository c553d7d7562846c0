using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OpSync.K8s.Kustomize;

/// <summary>Reads YAML as JSON, which is how Kubernetes reads it. Refuses what YAML 1.1 and 1.2 read differently.</summary>
internal static partial class Yaml
{
    /// <summary>The documents of a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="source">Where it is from, for messages.</param>
    /// <exception cref="InvalidDataException">It cannot be read, or can be read in two ways.</exception>
    public static IReadOnlyList<JsonNode> ReadAll(string text, string source)
    {
        YamlStream stream = [];
        try
        {
            stream.Load(new StringReader(text));
            return [.. stream.Documents.Select(d => Convert(d.RootNode) ?? throw new InvalidDataException("an empty document"))];
        }
        catch (Exception e) when (e is YamlException or InvalidDataException)
        {
            throw new InvalidDataException($"{source}: {e.Message}", e);
        }
    }

    /// <summary>The one document of a text.</summary>
    public static JsonObject Read(string text, string source) => ReadAll(text, source) is [JsonObject only]
        ? only
        : throw new InvalidDataException($"{source}: one mapping was expected.");

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlScalarNode scalar => Scalar(scalar),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Select(Convert)]),
        YamlMappingNode mapping => Mapping(mapping),
        _ => throw new InvalidDataException($"line {node.Start.Line}: {node.NodeType} is not supported."),
    };

    private static JsonObject Mapping(YamlMappingNode mapping)
    {
        JsonObject result = [];
        foreach ((YamlNode key, YamlNode value) in mapping)
        {
            string name = ((YamlScalarNode)key).Value!;
            if (name == "<<") Merge(result, value);
            else result[name] = Convert(value);
        }

        return result;
    }

    // A merge key stands first, so what follows it wins.
    private static void Merge(JsonObject result, YamlNode value)
    {
        if (result.Count > 0) throw new InvalidDataException($"line {value.Start.Line}: a merge key must come first.");
        foreach ((string name, JsonNode? item) in Mapping((YamlMappingNode)value)) result[name] = item?.DeepClone();
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        string text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain) return JsonValue.Create(text);
        if (text is "" or "~" or "null") return null;
        if (text is "true" or "false") return JsonValue.Create(text == "true");
        if (Ambiguous().IsMatch(text)) throw new InvalidDataException($"line {scalar.Start.Line}: '{text}' needs quotes.");
        if (Octal().IsMatch(text)) return JsonValue.Create(System.Convert.ToInt64(text, 8));
        if (Whole().IsMatch(text)) return JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture));
        return Fraction().IsMatch(text) ? JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)) : JsonValue.Create(text);
    }

    /// <summary>Switches, hexadecimals, times of day and numbers with underscores of YAML 1.1, which are texts in 1.2.</summary>
    [GeneratedRegex("^(y|Y|n|N|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE|Null|NULL|0[xob][0-9a-fA-F]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+|[0-9]+_[0-9_]+|[-+]?\\.(inf|nan))$")]
    private static partial Regex Ambiguous();

    /// <summary>File modes: an octal number to Kubernetes.</summary>
    [GeneratedRegex("^0[0-7]+$")]
    private static partial Regex Octal();

    [GeneratedRegex("^[-+]?(0|[1-9][0-9]*)$")]
    private static partial Regex Whole();

    [GeneratedRegex("^[-+]?([0-9]+\\.[0-9]*|\\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Fraction();
}
