namespace OpSync.Contracts.Ranges;

/// <summary>Where a range stands. Codes are part of the public interface.</summary>
public enum RangeState : byte
{
    /// <summary>Not started, or unknown here.</summary>
    Unknown = 0,

    /// <summary>Runs.</summary>
    Running = 1,

    /// <summary>Paused by its owner.</summary>
    Paused = 2,

    /// <summary>Every height is durable and linked to the anchor.</summary>
    Complete = 3,

    /// <summary>Peers agree on another hash at the anchor's height.</summary>
    AnchorMismatch = 4,

    /// <summary>The lowest block does not attach to the lower link.</summary>
    DoesNotAttach = 5,

    /// <summary>The deadline passed.</summary>
    DeadlinePassed = 6,

    /// <summary>Cancelled.</summary>
    Cancelled = 7,
}
