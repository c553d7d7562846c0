using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OpSync.Cli.Configuration;

/// <summary>The values given for settings: from a file, over it the environment, over that the command line. Collects every
/// mistake instead of stopping at the first.</summary>
internal sealed partial class SettingValues
{
    private const int FileSizeMax = 1 << 20;
    private const string Prefix = "OPSYNC_";

    /// <summary>Variables with the prefix that are no settings: those of the remote commands, of tests, and what Kubernetes puts
    /// in for a service named opsync.</summary>
    [GeneratedRegex("^OPSYNC_(CONFIG|GATEWAY|TOKEN|LONG|PORT|PORT_.*|SERVICE_.*|[A-Z]+_PORT|[A-Z]+_PORT_.*|[A-Z]+_SERVICE_.*)$")]
    private static partial Regex NoSetting();

    private readonly Dictionary<string, (IReadOnlyList<string> Items, string Source)> _values = new(StringComparer.Ordinal);

    /// <summary>Mistakes so far.</summary>
    public List<ConfigProblem> Problems { get; } = [];

    /// <summary>What may be a mistake and stops nothing.</summary>
    public List<ConfigProblem> Warnings { get; } = [];

    /// <summary>Reads a configuration file.</summary>
    public void AddFile(string file)
    {
        string source = Path.GetFileName(file);
        try
        {
            if (new FileInfo(file).Length > FileSizeMax)
            {
                Problems.Add(new ConfigProblem(file, "", "is larger than 1 MiB."));
                return;
            }

            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false, MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                HasUnreadFile = true;
                Problems.Add(new ConfigProblem(source, "", "must be one JSON object, { ... }."));
                return;
            }

            AddElement("", document.RootElement, source, Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (JsonException e)
        {
            HasUnreadFile = true;
            Problems.Add(new ConfigProblem(source, "", e.LineNumber is { } line ? $"is not JSON, line {line + 1}: {e.Message.Split('.')[0]}." : $"names something twice: {e.Message.Split('.')[0]}."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            HasUnreadFile = true;
            Problems.Add(new ConfigProblem(file, "", $"cannot be read: {e.Message}"));
        }
    }

    /// <summary>Reads environment variables.</summary>
    public void AddEnvironment(IDictionary variables)
    {
        foreach (string name in variables.Keys.Cast<string>().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (NoSetting().IsMatch(name)) continue;
            string? path = SettingTable.All.Select(s => s.PathOf(name)).FirstOrDefault(p => p is not null);
            if (path is null) Warnings.Add(new ConfigProblem(name, "", "is no setting and is ignored." + Nearest.Hint(name, SettingTable.All.Select(s => s.Variable))));
            else AddText(path, (string)variables[name]!, $"variable {name}");
        }
    }

    /// <summary>Takes one value as text; of a list the items are separated by commas.</summary>
    public void AddText(string path, string value, string source)
    {
        if (SettingTable.Find(path) is not { } setting)
        {
            Problems.Add(Unknown(path, source));
            return;
        }

        string[] items = setting.Kind == SettingKind.List ? value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [value];
        Add(setting, path, items, source);
    }

    /// <summary>Takes the items of a list.</summary>
    public void AddList(string path, IReadOnlyList<string> items, string source) => Add(SettingTable.Find(path)!, path, items, source);

    /// <summary>Notes a mistake in the value of a setting.</summary>
    public void Fault(string path, string text) => Problems.Add(new ConfigProblem(path, SourceOf(path), text));

    /// <summary>True if a file could not be read: then nothing of it counts as left out.</summary>
    public bool HasUnreadFile { get; private set; }

    /// <summary>Reads ADDRESS:PORT. An IPv6 address needs its brackets: without them the library takes the port for a part of it.</summary>
    public static bool TryEndPoint(string text, [NotNullWhen(true)] out IPEndPoint? endpoint) =>
        IPEndPoint.TryParse(text, out endpoint) && (text.StartsWith('[') ? text.Contains("]:", StringComparison.Ordinal) : text.Count(static c => c == ':') == 1);

    public string SourceOf(string path) => _values.TryGetValue(path, out var value) ? value.Source : "";

    public bool Has(string path) => _values.ContainsKey(path);

    public string? Text(string path) => _values.TryGetValue(path, out var value) && value.Items is [{ Length: > 0 } text] ? text : null;

    public IReadOnlyList<string> List(string path) => _values.TryGetValue(path, out var value) ? value.Items : [];

    public bool Switch(string path) => Text(path) == "true";

    /// <summary>A whole number within bounds, or the default.</summary>
    public int Whole(string path, int fallback, int min, int max)
    {
        if (Text(path) is not { } text || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)) return fallback;
        if (value >= min && value <= max) return value;
        Fault(path, $"{value} is not from {min} to {max}.");
        return fallback;
    }

    /// <summary>A number above 0 within bounds, or the default.</summary>
    public double Decimal(string path, double fallback, double max)
    {
        if (Text(path) is not { } text || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) return fallback;
        if (value > 0 && value <= max) return value;
        Fault(path, $"{text} is not above 0 and at most {max.ToString(CultureInfo.InvariantCulture)}.");
        return fallback;
    }

    /// <summary>Indices of the entries of a list that have any value, ascending.</summary>
    public IReadOnlyList<int> Entries(string list) =>
    [
        .. _values.Keys.Select(k => Regex.Match(k, "^" + Regex.Escape(list) + @"\[([0-9]{1,4})\]\.")).Where(m => m.Success)
            .Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).Distinct().Order(),
    ];

    private void AddElement(string path, JsonElement element, string source, string directory)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object when SettingTable.Find(path) is null:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    AddElement(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value, source, directory);
                }

                break;
            case JsonValueKind.Array when SettingTable.Find(path) is null && SettingTable.All.Any(s => s.Path.StartsWith(Generic(path) + "[].", StringComparison.Ordinal)):
                int index = 0;
                foreach (JsonElement entry in element.EnumerateArray()) AddElement($"{path}[{index++}]", entry, source, directory);
                break;
            default:
                AddLeaf(path, element, source, directory);
                break;
        }
    }

    private void AddLeaf(string path, JsonElement element, string source, string directory)
    {
        if (SettingTable.Find(path) is not { } setting)
        {
            Problems.Add(Unknown(path, source));
            return;
        }

        List<string> items = [];
        foreach (JsonElement item in element.ValueKind == JsonValueKind.Array && setting.Kind == SettingKind.List ? element.EnumerateArray().ToArray() : [element])
        {
            bool fits = (setting.Kind, item.ValueKind) switch
            {
                (SettingKind.Text or SettingKind.Path or SettingKind.List, JsonValueKind.String) => true,
                (SettingKind.Whole or SettingKind.Decimal, JsonValueKind.Number) => true,
                (SettingKind.Switch, JsonValueKind.True or JsonValueKind.False) => true,
                _ => false,
            };
            if (!fits)
            {
                Problems.Add(new ConfigProblem(path, source, $"must be {Form(setting.Kind)}, not {item.ValueKind.ToString().ToLowerInvariant()}."));
                return;
            }

            string text = item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText();
            items.Add(setting.Kind == SettingKind.Path && text.Length > 0 ? Path.GetFullPath(text, directory) : text);
        }

        Add(setting, path, items, source);
    }

    private void Add(Setting setting, string path, IReadOnlyList<string> items, string source)
    {
        bool fits = setting.Kind switch
        {
            SettingKind.Switch => items is ["true" or "false"],
            SettingKind.Whole => items is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            SettingKind.Decimal => items is [{ } text] && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number),
            _ => true,
        };
        if (fits) _values[path] = (items, source);
        else Problems.Add(new ConfigProblem(path, source, $"must be {Form(setting.Kind)}, not '{string.Join(',', items)}'."));
    }

    /// <summary>What holds settings and was given something else, or what is no setting at all.</summary>
    private static ConfigProblem Unknown(string path, string source) =>
        SettingTable.All.Any(s => s.Path.StartsWith(Generic(path) + "[].", StringComparison.Ordinal)) ? new(path, source, "must be a list of objects, [ { ... } ].")
        : SettingTable.All.Any(s => s.Path.StartsWith(Generic(path) + ".", StringComparison.Ordinal)) ? new(path, source, "must be an object, { ... }.")
        : new(path, source, "is no setting." + Nearest.Hint(Generic(path), SettingTable.All.Select(s => s.Path)));

    private static string Generic(string path) => Regex.Replace(path, @"\[[0-9]{1,4}\]", "[]");

    private static string Form(SettingKind kind) => kind switch
    {
        SettingKind.Whole => "a whole number",
        SettingKind.Decimal => "a number",
        SettingKind.Switch => "true or false",
        SettingKind.List => "a list of texts",
        _ => "a text",
    };
}
