namespace OpSync.Silo.Storing;

/// <summary>How the silo's one store writer groups its commits.</summary>
public sealed record StoreWriterOptions
{
    /// <summary>Blocks waiting for a commit; a full queue answers "busy". 64 to 65,536.</summary>
    public int QueueMax { get; init; } = 4_096;

    /// <summary>Blocks in one commit (design section 5).</summary>
    public int GroupBlocksMax { get; init; } = 256;

    /// <summary>Wire bytes in one commit (design section 5).</summary>
    public long GroupBytesMax { get; init; } = 8 << 20;

    /// <summary>A group waits this long for its second block (design section 5).</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>While blocks keep coming, a group waits until it has this many, so that a sync at full rate does not pay a disk
    /// flush for a handful of blocks.</summary>
    public int GroupBlocksWanted { get; init; } = 64;

    /// <summary>But never longer than this after its first block.</summary>
    public TimeSpan LingerMax { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A store that is full or broken is tried again after this time.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);
}
