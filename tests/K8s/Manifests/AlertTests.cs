using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpSync.TestKit;
using Xunit;

namespace OpSync.K8s.Manifests;

/// <summary>Alerts ask for metrics that exist, and the manual says what to do about each.</summary>
public sealed partial class AlertTests
{
    private static readonly string Manual = File.ReadAllText(RepositoryRoot.Combine("docs", "operations.md"));

    private static readonly JsonObject[] Rules =
    [
        .. Overlay.Render("prod").Where(o => o.Kind == "PrometheusRule").SelectMany(o => Manifest.Items(o.Node["spec"]!["groups"])).SelectMany(g => Manifest.Items(g["rules"])),
    ];

    [Fact]
    public void The_manual_has_a_row_for_each_alert_and_no_other() => Assert.Equal(
        Rules.Select(r => r["alert"]!.ToString()).Order(StringComparer.Ordinal),
        Row().Matches(Manual).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void Alerts_ask_for_metrics_of_the_manual()
    {
        string[] metrics = [.. Rules.SelectMany(r => Metric().Matches(r["expr"]!.ToString())).Select(m => m.Groups[1].Value).Distinct()];

        Assert.True(metrics.Length >= 7);
        Assert.All(metrics, m => Assert.True(
            Manual.Contains($"`{m}`", StringComparison.Ordinal) || Manual.Contains($"`{m.Replace("_total", "", StringComparison.Ordinal).Replace('_', '.')}`", StringComparison.Ordinal), m));
    }

    [GeneratedRegex(@"^\| `(OpSync[A-Za-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    /// <summary>A metric of ours, without what a histogram adds to its name.</summary>
    [GeneratedRegex(@"\b((?:opsync|http_server)_[a-z0-9_]+?)(?:_bucket|_count)?\b[\[{)\s]")]
    private static partial Regex Metric();
}
