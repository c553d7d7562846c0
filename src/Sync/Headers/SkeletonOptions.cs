namespace OpSync.Sync.Headers;

/// <summary>Limits of one skeleton.</summary>
public sealed record SkeletonOptions
{
    /// <summary>Headers in one request, 8 to 1,024. 512 is the batch of geth's skeleton.</summary>
    public int BatchMax { get; init; } = 512;

    /// <summary>Heights below the range's cursor for which headers are pulled ahead, one batch to 131,072. The default is four windows of bodies
    /// and half a megabyte of hashes for each open range.</summary>
    public int AheadMax { get; init; } = 16_384;

    /// <summary>Pieces of the window that are kept apart, 8 to 8,192. Short answers cut it up; beyond this, one that does not hang on
    /// the verified part is thrown away.</summary>
    public int SegmentsMax { get; init; } = 2_048;

    /// <summary>Peers that are asked for headers, 1 to 256.</summary>
    public int SourcesMax { get; init; } = 64;

    /// <summary>Requests open at one peer, 1 to 16.</summary>
    public int SourceInFlightMax { get; init; } = 2;

    /// <summary>Everything waits for the piece next to the verified part: unanswered for this long, it is asked of a second peer.</summary>
    public TimeSpan TailPatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A request without any outcome is asked elsewhere after this time: a lost message, for every link has a shorter
    /// deadline of its own.</summary>
    public TimeSpan ReplyLost { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Rest of a peer that timed out or failed.</summary>
    public TimeSpan FailureRest { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Rest of a peer whose headers are malformed or of another chain.</summary>
    public TimeSpan LieRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A piece that no peer gave is asked again after this time, doubling to eight times.</summary>
    public TimeSpan NobodyHasRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Checks every limit against its documented bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value out of bounds; it names the option.</exception>
    public void Validate()
    {
        Within(BatchMax, 8, 1_024, nameof(BatchMax));
        Within(AheadMax, BatchMax, 131_072, nameof(AheadMax));
        Within(SegmentsMax, 8, 8_192, nameof(SegmentsMax));
        Within(SourcesMax, 1, 256, nameof(SourcesMax));
        Within(SourceInFlightMax, 1, 16, nameof(SourceInFlightMax));
        Within(TailPatience.Ticks, 1, TimeSpan.TicksPerDay, nameof(TailPatience));
        Within(ReplyLost.Ticks, 1, TimeSpan.TicksPerDay, nameof(ReplyLost));
        Within(FailureRest.Ticks, 1, TimeSpan.TicksPerDay, nameof(FailureRest));
        Within(LieRest.Ticks, 1, TimeSpan.TicksPerDay, nameof(LieRest));
        Within(NobodyHasRetry.Ticks, 1, TimeSpan.TicksPerDay, nameof(NobodyHasRetry));
    }

    private static void Within(long value, long min, long max, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, max, name);
    }
}
