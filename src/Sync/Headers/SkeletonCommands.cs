using OpSync.Sync.Ranges;

namespace OpSync.Sync.Headers;

/// <summary>What the shell must do after a step. The lists belong to the core and are valid until its next step.</summary>
public sealed class SkeletonCommands
{
    /// <summary>Heights whose hashes are known now.</summary>
    public List<KnownSpan> Known { get; } = [];

    /// <summary>Proven lies.</summary>
    public List<Charge> Charge { get; } = [];

    /// <summary>Requests to make.</summary>
    public List<HeaderAsk> Ask { get; } = [];

    /// <summary>The next step must come no later than this time, even without an event.</summary>
    public TimeSpan WakeAt { get; set; }

    /// <summary>Empties everything.</summary>
    public void Clear()
    {
        Known.Clear();
        Charge.Clear();
        Ask.Clear();
        WakeAt = TimeSpan.MaxValue;
    }
}
