namespace OpSync.SimulationKit;

/// <summary>Something that is done to the process under test.</summary>
/// <param name="At">Time after the start.</param>
/// <param name="Kind">What.</param>
/// <param name="Target">A range or a peer, where one is meant.</param>
public readonly record struct Disturbance(TimeSpan At, DisturbanceKind Kind, string Target = "");

/// <summary>Kinds of disturbance.</summary>
public enum DisturbanceKind
{
    /// <summary>The process is killed and started again.</summary>
    Restart,

    /// <summary>The activation of a range is lost; a review brings it back.</summary>
    LoseRange,

    /// <summary>The quarantine of all heights is lost.</summary>
    LoseQuarantine,

    /// <summary>The disk is full.</summary>
    StoreFails,

    /// <summary>The disk has room again.</summary>
    StoreWorks,

    /// <summary>The owner pauses a range.</summary>
    Pause,

    /// <summary>The owner resumes a range.</summary>
    Resume,

    /// <summary>The owner cancels a range.</summary>
    Cancel,

    /// <summary>A peer goes away.</summary>
    Disconnect,

    /// <summary>A peer comes back.</summary>
    Reconnect,
}
