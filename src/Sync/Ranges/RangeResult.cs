namespace OpSync.Sync.Ranges;

/// <summary>How a range ended.</summary>
public enum RangeResult
{
    /// <summary>It has not ended.</summary>
    None = 0,

    /// <summary>Every height is durable and linked to the anchor.</summary>
    Complete,

    /// <summary>Peers agree on another hash at the anchor's height. Nobody is charged.</summary>
    AnchorMismatch,

    /// <summary>The lowest block's parent is not the lower link the caller gave.</summary>
    DoesNotAttach,

    /// <summary>The deadline passed first; what is durable stays.</summary>
    DeadlinePassed,

    /// <summary>Cancelled by its owner.</summary>
    Cancelled,
}
