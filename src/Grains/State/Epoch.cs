namespace OpSync.Grains.State;

/// <summary>The right of an activation to command others: a number that it raised by conditional write, so that of two activations of
/// one grain the later one counts, and the time since when nobody may have raised it further unnoticed.</summary>
/// <remarks>A process that was frozen goes on where it was, with activations that another silo has replaced meanwhile. They must not
/// ask anybody before they have written again: that fails for the one that was replaced.</remarks>
internal sealed class Epoch(TimeProvider time)
{
    /// <summary>An activation whose timer did not run for this long was perhaps frozen. Less than the quickest failure detection takes to
    /// give its grains to another silo (6 s).</summary>
    public static readonly TimeSpan FrozenAfter = TimeSpan.FromSeconds(5);

    private long _awakeAt;

    /// <summary>The number; 0 before it was raised.</summary>
    public long Value { get; private set; }

    /// <summary>False until it was raised, and again after the activation was asleep for longer than <see cref="FrozenAfter"/>.</summary>
    public bool IsHeld => Value > 0 && time.GetElapsedTime(_awakeAt) < FrozenAfter;

    /// <summary>The activation's state was written with this number.</summary>
    public void Written(long value)
    {
        Value = value;
        _awakeAt = time.GetTimestamp();
    }

    /// <summary>The activation's timer runs. Whoever slept too long is not helped by that.</summary>
    public void Awake()
    {
        if (IsHeld) _awakeAt = time.GetTimestamp();
    }
}
