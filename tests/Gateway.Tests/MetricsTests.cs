using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using OpSync.Gateway.Telemetry;
using OpSync.Gateway.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Tests;

/// <summary>Measures in Prometheus text.</summary>
public sealed class MetricsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_measures_tell_of_chains_store_and_requests_and_name_no_peer()
    {
        await using Door door = await Door.OpenAsync();
        await door.FillAsync(1, 10);
        await door.World.AddAsync(OpSync.Grains.Tests.Kit.ScriptedPeer.Honest("somebody"));
        string text = "";
        await OpSync.Grains.Tests.Kit.World.UntilAsync(
            async () => (text = await door.Client.GetStringAsync("/metrics", Token)).Contains("opsync_chain_blocks{chain=\"samples\"} 10\n", StringComparison.Ordinal), () => text);

        Assert.Contains("# TYPE opsync_storage_blocks_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE opsync_storage_commit_duration_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Contains("opsync_silo_budget_capacity_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_seconds_bucket{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody", text, StringComparison.Ordinal);
        Assert.All(
            text.TrimEnd().Split('\n').Where(l => l[0] != '#'),
            line => Assert.Matches("^[a-z0-9_]+(\\{([a-z0-9_]+=\"[^\"]*\",?)+\\})? (-?[0-9.E+-]+|NaN)$", line));
        using HttpClient nobody = door.NewClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/metrics", Token)).StatusCode);
    }

    [Fact]
    public void Counters_add_up_gauges_replace_and_histograms_count()
    {
        using PrometheusCollector collector = new();
        using Meter meter = new("OpSync.Tests.Metrics");
        Counter<long> counter = meter.CreateCounter<long>("opsync.tests.things", "{thing}", "Things.\nMany.");
        Histogram<double> histogram = meter.CreateHistogram("opsync.tests.time", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] });
        meter.CreateObservableGauge("opsync.tests.level", () => 7);
        counter.Add(2, new KeyValuePair<string, object?>("how", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("how", "a\"b\\c\nd"));
        foreach (double value in new[] { 0.5, 1.5, 2.5 }) histogram.Record(value);
        string[] lines = [.. Encoding.UTF8.GetString(collector.Write()).Split('\n').Where(l => l.Contains("opsync_tests_", StringComparison.Ordinal))];

        Assert.Equal(
            [
                "# TYPE opsync_tests_level gauge", "opsync_tests_level 7", "# HELP opsync_tests_things_total Things. Many.", "# TYPE opsync_tests_things_total counter",
                "opsync_tests_things_total{how=\"a\\\"b\\\\c\\nd\"} 5", "# TYPE opsync_tests_time_seconds histogram", "opsync_tests_time_seconds_bucket{le=\"1\"} 1",
                "opsync_tests_time_seconds_bucket{le=\"2\"} 2", "opsync_tests_time_seconds_bucket{le=\"+Inf\"} 3", "opsync_tests_time_seconds_sum 4.5", "opsync_tests_time_seconds_count 3",
            ],
            lines);
    }
}
