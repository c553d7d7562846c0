namespace OpSync.Sync.Ranges;

/// <summary>Limits of one range.</summary>
public sealed record RangeSyncOptions
{
    /// <summary>Heights between the cursor and the lowest height asked for, 64 to 65,536.</summary>
    public int WindowBlocksMax { get; init; } = 4_096;

    /// <summary>Bytes quarantined or expected, 1 MiB or more. The window never exceeds what quarantine may hold.</summary>
    public long WindowBytesMax { get; init; } = 64L << 20;

    /// <summary>Peers considered at a time, 1 to 1,024.</summary>
    public int PeersMax { get; init; } = 256;

    /// <summary>Requests handed to a peer at once, 1 to 64.</summary>
    public int AskItemsMax { get; init; } = 64;

    /// <summary>Requests open at a peer that has given this range nothing yet, 1 or more: about what the peer's own limit begins with. More
    /// would only be refused, and what is left of them would lie scattered over a window that blocks larger than expected may fill.</summary>
    public int StrangerRequestsMax { get; init; } = 4;

    /// <summary>An accepted request without any outcome is asked elsewhere after this time: a lost message, not a slow peer,
    /// whose own deadline is shorter.</summary>
    public TimeSpan ReplyLost { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the grain of a peer or a block may take for one call of the range, above zero. Beyond it a peer counts as not asked,
    /// though it may have been.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A promotion not acknowledged is repeated after this time.</summary>
    public TimeSpan PromoteRepeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A height that every usable peer failed to give is asked again after this time, doubling to eight times.</summary>
    public TimeSpan NobodyHasRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Once peers disagree with the anchor, the others have this long to confirm it: two answers that take as long as any
    /// may, one after the other.</summary>
    public TimeSpan AnchorMismatchPatience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>While somebody who is known has neither confirmed the anchor nor said that it lacks it, be it silent, resting or being
    /// dialled, peers that agree against the anchor are not believed before this has passed. Long enough for the longest rest of a peer
    /// that was silent, a few times over.</summary>
    public TimeSpan AnchorSilencePatience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Size assumed for a block before sizes are known.</summary>
    public int SizeExpectedFirst { get; init; } = 32 << 10;

    /// <summary>Second copies of slow requests as a share of first requests, 0 to 0.5. 0 sends none: then nobody is asked for a height
    /// while another has it, until that one has failed.</summary>
    public double HedgeShareMax { get; init; } = 0.05;

    /// <summary>No second copy is sent before a request has been open this long, however fast peers answer otherwise.</summary>
    public TimeSpan HedgeAfterMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A second copy may be sent after this time, however slow peers answer otherwise, and while little is known of them.</summary>
    public TimeSpan HedgeAfterMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A peer that provably lied is not asked by this range for this time: the lie rest of the peer's own policy, which
    /// this range need not wait to hear of.</summary>
    public TimeSpan LiarRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The same where only a caller vouches for the anchor, who may be wrong: shorter, as nothing is proven.</summary>
    public TimeSpan DoubterRest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Checks every limit against its documented bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value out of bounds; it names the option.</exception>
    public void Validate()
    {
        Within(WindowBlocksMax, 64, 65_536, nameof(WindowBlocksMax));
        Within(WindowBytesMax, 1 << 20, long.MaxValue / 4, nameof(WindowBytesMax));
        Within(PeersMax, 1, 1_024, nameof(PeersMax));
        Within(AskItemsMax, 1, 64, nameof(AskItemsMax));
        Within(StrangerRequestsMax, 1, int.MaxValue, nameof(StrangerRequestsMax));
        Within(ReplyLost.Ticks, 1, TimeSpan.TicksPerDay, nameof(ReplyLost));
        Within(CallTimeout.Ticks, 1, TimeSpan.TicksPerDay, nameof(CallTimeout));
        Within(PromoteRepeat.Ticks, 1, TimeSpan.TicksPerDay, nameof(PromoteRepeat));
        Within(NobodyHasRetry.Ticks, 1, TimeSpan.TicksPerDay, nameof(NobodyHasRetry));
        Within(AnchorMismatchPatience.Ticks, 0, TimeSpan.TicksPerDay, nameof(AnchorMismatchPatience));
        Within(AnchorSilencePatience.Ticks, AnchorMismatchPatience.Ticks, TimeSpan.TicksPerDay, nameof(AnchorSilencePatience));
        if (HedgeShareMax is not (>= 0 and <= 0.5)) throw new ArgumentOutOfRangeException(nameof(HedgeShareMax));
        Within(HedgeAfterMin.Ticks, 1, TimeSpan.TicksPerDay, nameof(HedgeAfterMin));
        Within(HedgeAfterMax.Ticks, HedgeAfterMin.Ticks, TimeSpan.TicksPerDay, nameof(HedgeAfterMax));
        Within(LiarRest.Ticks, 0, TimeSpan.TicksPerDay, nameof(LiarRest));
        Within(DoubterRest.Ticks, 0, TimeSpan.TicksPerDay, nameof(DoubterRest));
        Within(SizeExpectedFirst, 1, 10 << 20, nameof(SizeExpectedFirst));
    }

    private static void Within(long value, long min, long max, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, max, name);
    }
}
