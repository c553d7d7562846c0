namespace OpSync.Silo.Serving;

/// <summary>Limits of what is served in bulk to other OpSync peers. Rates are those of <see cref="ServeOptions"/>: a block costs what
/// a single request costs, however it is asked for.</summary>
public sealed record BulkOptions
{
    /// <summary>Headers that cost as much as one block, 1 or more. A header is a fiftieth of a usual block on the wire, but
    /// made from a stored block it costs as much work as serving that block: 32 keep a full rate of headers to about one core.</summary>
    public int HeadersPerBlock { get; init; } = 32;

    /// <summary>Bytes of stored blocks that are read for the headers of one token, 1 or more, and one block at least: as many as 32 usual
    /// blocks have. Where blocks are larger a token buys fewer headers, since the work is in the bytes.</summary>
    public int HeaderBytesPerBlock { get; init; } = 1 << 20;

    /// <summary>Headers in one answer, 1 to 1,024.</summary>
    public int HeadersMax { get; init; } = 1_024;

    /// <summary>Blocks in one answer, 1 to 1,024.</summary>
    public int BlocksMax { get; init; } = 1_024;

    /// <summary>Bytes of blocks in one answer; at least one block is sent.</summary>
    public int BytesMax { get; init; } = 8 << 20;

    /// <summary>Blocks read from the store at once.</summary>
    public int PageBlocks { get; init; } = 16;

    /// <summary>Bytes read from the store at once; at least one block is. As much as a reader allows to be sent ahead of him at
    /// first.</summary>
    public int PageBytes { get; init; } = 256 << 10;

    /// <summary>An answer that takes longer to gather ends where it is, and the rest is asked for anew. Well below the 10 s that an
    /// asker waits.</summary>
    public TimeSpan GatherMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What is held is looked up again after this time, or after fifty times what the look-up took.</summary>
    public TimeSpan StatusAge { get; init; } = TimeSpan.FromSeconds(10);
}
