using System.Diagnostics;

namespace OpSync.Grains.Ranges;

/// <summary>The life of a range in one activation as a span: a trace of its own, linked to the request that started it.</summary>
/// <remarks>Costs nothing unless somebody listens to <see cref="SourceName"/>.</remarks>
internal sealed class RangeTrace
{
    /// <summary>Name of the activity source.</summary>
    public const string SourceName = "OpSync.Grains";

    /// <summary>Events of one span; further ones are left out.</summary>
    private const int EventsMax = 64;

    private static readonly ActivitySource Source = new(SourceName);

    private Activity? _activity;
    private bool _anyDurable;
    private int _events;

    /// <summary>The range starts, or goes on in a new activation.</summary>
    public void Begin(ulong chainId, string rangeId, ulong first, ulong last, int generation)
    {
        Activity? request = Activity.Current;
        Activity.Current = null;
        _activity = Source.StartActivity("range", ActivityKind.Internal, parentContext: default, links: request is null ? [] : [new ActivityLink(request.Context)])
            ?.SetTag("opsync.chain", (long)chainId).SetTag("opsync.range", rangeId).SetTag("opsync.first", (long)first).SetTag("opsync.last", (long)last)
            .SetTag("opsync.generation", generation);
        Activity.Current = request;   // the span outlives this turn and is nobody's parent by accident
    }

    /// <summary>Blocks became durable; the first ones are an event.</summary>
    public void Durable()
    {
        if (_anyDurable) return;
        _anyDurable = true;
        Note("first block durable");
    }

    /// <summary>Something happened to the range.</summary>
    public void Note(string what)
    {
        if (_activity is not null && _events++ < EventsMax) _activity.AddEvent(new ActivityEvent(what));
    }

    /// <summary>It ended, or its activation did.</summary>
    public void End(string how, ulong? stored)
    {
        _activity?.SetTag("opsync.end", how).SetTag("opsync.stored", stored is { } count ? (long)count : null);
        _activity?.Dispose();
        _activity = null;
    }
}
