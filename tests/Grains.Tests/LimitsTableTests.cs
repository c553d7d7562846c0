using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OpSync.Gateway;
using OpSync.Gateway.Rpc;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Yamux;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Sync.Access;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>The table of limits in docs/operations.md says what the code says. OPSYNC_WRITE_DOCS=1 writes it anew.</summary>
public sealed partial class LimitsTableTests
{
    private const string Begin = "<!-- limits: written by LimitsTableTests -->", End = "<!-- end of limits -->";
    private static readonly string s_path = RepositoryRoot.Combine("docs/operations.md");

    private static readonly (object Defaults, string Title, string Meter)[] s_options =
    [
        (new SwarmOptions(), "Connections", "opsync.libp2p"),
        (new YamuxOptions(), "Streams of one connection", "opsync.libp2p"),
        (new NoiseOptions(), "Handshake", "opsync.libp2p"),
        (new ServeOptions(), "Serving", "opsync.serve"),
        (new BulkOptions(), "Serving in bulk to other OpSync peers", "opsync.serve"),
        (new PeerLinkOptions(), "Peers we ask", ""),
        (new PeerPolicyOptions(), "What a peer is asked", ""),
        (new AccessOptions(), "Who is kept out of every silo", ""),
        (new GatewayLimits(), "HTTP", "opsync.gateway"),
        (new RpcLimits(), "JSON-RPC", "opsync.gateway"),
    ];

    [Fact]
    public void Table_in_the_operations_manual_is_what_the_code_says()
    {
        string table = Write();
        string text = File.ReadAllText(s_path);
        Match place = Regex.Match(text, $"{Regex.Escape(Begin)}.*{Regex.Escape(End)}", RegexOptions.Singleline);
        Assert.True(place.Success, "docs/operations.md has lost the marks around its table of limits");
        if (Environment.GetEnvironmentVariable("OPSYNC_WRITE_DOCS") == "1")
            File.WriteAllText(s_path, text.Replace(place.Value, table, StringComparison.Ordinal));
        else
            Assert.Equal(table, place.Value);
    }

    [Fact]
    public void Every_number_and_time_of_the_options_has_a_description()
    {
        (string Name, string Text)[] limits = [.. s_options.SelectMany(static o => Limits(o.Defaults)).Select(static l => (l.Name, l.Text))];
        Assert.True(limits.Length > 60, $"only {limits.Length} limits were found");
        Assert.DoesNotContain(limits, static l => l.Text.Length < 15);
    }

    private static string Write()
    {
        Dictionary<string, HashSet<(string Type, string Name)>> counted = new()
        {
            [""] = [],
            ["opsync.libp2p"] = Counted("src/Libp2p"),
            ["opsync.serve"] = Counted("src/Silo/Serving"),
            ["opsync.gateway"] = Counted("src/Gateway"),
        };
        StringBuilder table = new();
        table.Append(Begin).Append('\n');
        foreach ((object defaults, string title, string meter) in s_options)
        {
            table.Append(CultureInfo.InvariantCulture, $"\n### {title} (`{defaults.GetType().Name}`)\n\n| limit | default | unit | what it bounds | refusals counted in |\n|---|---|---|---|---|\n");
            foreach ((string name, string value, string unit, string text) in Limits(defaults))
            {
                bool isCounted = counted[meter].Contains(("", name)) || counted[meter].Contains((defaults.GetType().Name, name));
                string metric = isCounted ? $"`{meter}.limit.refusals{{limit={name}}}`" : "";
                table.Append(CultureInfo.InvariantCulture, $"| `{name}` | {value} | {unit} | {text} | {metric} |\n");
            }
        }
        return table.Append('\n').Append(End).ToString();
    }

    /// <summary>Names that the source passes to a counter of refusals, with the options where it says which.</summary>
    private static HashSet<(string Type, string Name)> Counted(string directory) =>
    [
        .. Directory.GetFiles(RepositoryRoot.Combine(directory), "*.cs", SearchOption.AllDirectories)
            .Where(static f => File.ReadAllText(f).Contains("Refus", StringComparison.Ordinal) || f.EndsWith("HandshakeRates.cs", StringComparison.Ordinal))
            .SelectMany(static f => NameOf().Matches(MeasuredOnly().Replace(File.ReadAllText(f), "")))
            .Select(static m => (s_options.Any(o => o.Defaults.GetType().Name == m.Groups[1].Value) ? m.Groups[1].Value : "", m.Groups[2].Value)),
    ];

    private static IEnumerable<(string Name, string Value, string Unit, string Text)> Limits(object defaults)
    {
        Type type = defaults.GetType();
        Dictionary<string, string> texts = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(static m => m.Attribute("name")!.Value, static m => FirstSentence(m.Element("summary")));
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(static p => p.MetadataToken))
        {
            object? value = property.GetValue(defaults);
            if (value is not (int or long or double or TimeSpan)) continue;
            (string shown, string unit) = value is TimeSpan time
                ? (time.TotalSeconds.ToString(CultureInfo.InvariantCulture), "s")
                : (Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("#,0.##", CultureInfo.InvariantCulture), Unit(property.Name));
            yield return (property.Name, shown, unit, texts.GetValueOrDefault($"P:{type.FullName}.{property.Name}", ""));
        }
    }

    private static string Unit(string name) => name switch
    {
        _ when name.Contains("Bytes", StringComparison.Ordinal) || name.Contains("Size", StringComparison.Ordinal)
            || name.Contains("Window", StringComparison.Ordinal) => "bytes",
        _ when name.Contains("Rate", StringComparison.Ordinal) || name.EndsWith("PerSecond", StringComparison.Ordinal) => "per second",
        _ when name.EndsWith("Factor", StringComparison.Ordinal) => "times",
        _ => "count",
    };

    /// <summary>The summary up to its first full stop, references by their last name.</summary>
    private static string FirstSentence(XElement? summary)
    {
        if (summary is null) return "";
        string text = string.Concat(summary.Nodes().Select(static n => n switch
        {
            XElement e when e.Attribute("cref") is { } cref => $"`{cref.Value[(cref.Value.LastIndexOf('.') + 1)..]}`",
            XElement e => e.Value,
            _ => n.ToString(),
        }));
        text = Space().Replace(System.Net.WebUtility.HtmlDecode(text), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
        Match stop = SentenceEnd().Match(text);
        return stop.Success ? text[..stop.Index] : text.TrimEnd('.');
    }

    [GeneratedRegex(@"nameof\((?:(\w+)\.)?(\w+)\)")]
    private static partial Regex NameOf();

    /// <summary>Lines that measure a limit, or check options, and refuse nothing.</summary>
    [GeneratedRegex(@"^\s*(?:new\(nameof|\(nameof|CheckRange|ArgumentOutOfRange).*$", RegexOptions.Multiline)]
    private static partial Regex MeasuredOnly();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\.\s(?=[A-Z])")]
    private static partial Regex SentenceEnd();
}
