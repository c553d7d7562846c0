using System.Diagnostics.Metrics;

namespace OpSync.Gateway.Telemetry;

/// <summary>Instruments of the meter <c>OpSync.Gateway</c> about limits towards callers. The label is the name of the limit.</summary>
internal sealed class LimitMetrics : IDisposable
{
    private readonly Meter _meter = new("OpSync.Gateway");
    private readonly Counter<long> _refusals;
    private readonly Lock _lock = new();
    private (string Limit, Func<long> Used, long Max)[] _watched = [];

    public LimitMetrics()
    {
        _refusals = _meter.CreateCounter<long>("opsync.gateway.limit.refusals", "{refusal}", "Requests and calls refused or ended at a limit, by limit.");
        _meter.CreateObservableGauge("opsync.gateway.limit.used", () => _watched.Select(static w => Labelled(w.Used(), w.Limit)), null, "Present use, by limit.");
        _meter.CreateObservableGauge("opsync.gateway.limit.max", () => _watched.Select(static w => Labelled(w.Max, w.Limit)), null, "Configured value, by limit.");
    }

    /// <summary>A caller met a limit.</summary>
    public void Refused(string limit) => _refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>Shows the use of a limit from now on.</summary>
    public void Watch(string limit, Func<long> used, long max)
    {
        lock (_lock) _watched = [.. _watched, (limit, used, max)];
    }

    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Labelled(long value, string limit) => new(value, new KeyValuePair<string, object?>("limit", limit));
}
