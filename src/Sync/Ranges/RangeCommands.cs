using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>What the shell must do after a step, in this order: promote, reject, charge, cancel, ask, report.</summary>
/// <remarks>The lists belong to the core and are valid until its next step.</remarks>
public sealed class RangeCommands
{
    /// <summary>Blocks proven to be on the chain: to be handed to the store.</summary>
    public List<BlockId> Promote { get; } = [];

    /// <summary>Quarantined blocks that are no longer wanted, proven wrong or not.</summary>
    public List<BlockId> Reject { get; } = [];

    /// <summary>Proven lies.</summary>
    public List<Charge> Charge { get; } = [];

    /// <summary>Open requests that are not wanted any more: to be reset. What still comes of them is used or dropped.</summary>
    public List<Cancellation> Cancel { get; } = [];

    /// <summary>Requests to make.</summary>
    public List<Ask> Ask { get; } = [];

    /// <summary>Evidence of disagreement, each reported once.</summary>
    public List<Contradiction> Contradictions { get; } = [];

    /// <summary>Spans that became durable since the last step that filled this list; disjoint, ascending.</summary>
    public List<Island> Stored { get; } = [];

    /// <summary>Set once, in the step in which the range ends.</summary>
    public RangeResult Finished { get; set; }

    /// <summary>The next step must come no later than this time, even without an event.</summary>
    public TimeSpan WakeAt { get; set; }

    /// <summary>Empties everything.</summary>
    public void Clear()
    {
        Promote.Clear();
        Reject.Clear();
        Charge.Clear();
        Cancel.Clear();
        Ask.Clear();
        Contradictions.Clear();
        Stored.Clear();
        Finished = RangeResult.None;
        WakeAt = TimeSpan.MaxValue;
    }
}
