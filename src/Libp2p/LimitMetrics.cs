using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OpSync.Libp2p;

/// <summary>Use of a limit at one moment.</summary>
/// <param name="Limit">Its name: that of the option.</param>
/// <param name="Used">What is used; of a limit per address or subnet, the largest use by one of them.</param>
/// <param name="Max">What may be used.</param>
internal readonly record struct LimitUse(string Limit, long Used, long Max);

/// <summary>What can tell how far its limits are used.</summary>
internal interface ILimitSource
{
    /// <summary>The uses as they are now.</summary>
    IEnumerable<LimitUse> Measure();
}

/// <summary>Instruments of the meter <c>OpSync.Libp2p</c> about limits; the label is the name of the option.</summary>
internal static class LimitMetrics
{
    private static readonly Meter s_meter = new("OpSync.Libp2p");

    private static readonly Counter<long> s_refusals =
        s_meter.CreateCounter<long>("opsync.libp2p.limit.refusals", "{refusal}", "What was refused, reset or closed at a limit, by limit.");

    private static readonly ConcurrentDictionary<ILimitSource, bool> s_sources = [];

    static LimitMetrics()
    {
        s_meter.CreateObservableGauge("opsync.libp2p.limit.used", () => Observe(static use => use.Used), null, "Present use, by limit.");
        s_meter.CreateObservableGauge("opsync.libp2p.limit.max", () => Observe(static use => use.Max), null, "Configured value, by limit.");
    }

    public static void Refused(string limit) => s_refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public static void Register(ILimitSource source) => s_sources.TryAdd(source, true);

    public static void Unregister(ILimitSource source) => s_sources.TryRemove(source, out _);

    private static IEnumerable<Measurement<long>> Observe(Func<LimitUse, long> value) => s_sources.Keys
        .SelectMany(static source => source.Measure())
        .GroupBy(static use => use.Limit, value)
        .Select(static uses => new Measurement<long>(uses.Sum(), new KeyValuePair<string, object?>("limit", uses.Key)));
}
