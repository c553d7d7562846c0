using System.Diagnostics.Metrics;
using OpSync.Codec.OpStack;

namespace OpSync.Silo.Serving;

/// <summary>Instruments of the meter <c>OpSync.Silo</c> about serving, of one serve protocol; labels come from small closed sets.</summary>
internal sealed class ServeMetrics : IDisposable
{
    private readonly Meter _meter = new("OpSync.Silo");
    private readonly Counter<long> _answers;
    private readonly Counter<long> _refusals;

    /// <param name="measure">The limits' uses as they are now: name, use, value.</param>
    public ServeMetrics(Func<IEnumerable<(string Limit, long Used, long Max)>> measure)
    {
        _answers = _meter.CreateCounter<long>("opsync.serve.answers", "{answer}", "Answers sent, by result code.");
        _refusals = _meter.CreateCounter<long>("opsync.serve.limit.refusals", "{refusal}", "Requests refused or ended at a limit, by limit.");
        _meter.CreateObservableGauge(
            "opsync.serve.limit.used", () => measure().Select(static m => Labelled(m.Used, m.Limit)), null, "Present use, by limit.");
        _meter.CreateObservableGauge(
            "opsync.serve.limit.max", () => measure().Select(static m => Labelled(m.Max, m.Limit)), null, "Configured value, by limit.");
    }

    /// <summary>An answer was sent.</summary>
    public void Answered(ResultCode code) => _answers.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <summary>A request met a limit.</summary>
    public void Refused(string limit) => _refusals.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>Ends the observation.</summary>
    public void Dispose() => _meter.Dispose();

    private static Measurement<long> Labelled(long value, string limit) => new(value, new KeyValuePair<string, object?>("limit", limit));
}
