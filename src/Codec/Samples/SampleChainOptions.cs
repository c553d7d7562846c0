using OpSync.Codec.OpStack;

namespace OpSync.Codec.Samples;

/// <summary>What a <see cref="SampleChain"/> looks like. Equal options give equal chains, on every machine.</summary>
public sealed record SampleChainOptions
{
    /// <summary>Chain id of samples unless another is chosen; no public chain has it.</summary>
    public const ulong DefaultChainId = 7_735_701;

    /// <summary>Decides all content.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Size of the blocks.</summary>
    public SampleProfile Profile { get; init; }

    /// <summary>The latest fork; it and all earlier ones are active from genesis.</summary>
    public Fork Fork { get; init; } = Fork.Isthmus;

    /// <summary>Chain id.</summary>
    public ulong ChainId { get; init; } = DefaultChainId;

    /// <summary>From this number on, 1 or more, the content follows <see cref="SplitSeed"/>: the chain agrees with that of the
    /// same options without a split up to the number before. Null for no split.</summary>
    public ulong? SplitAt { get; init; }

    /// <summary>Decides the content from <see cref="SplitAt"/> on.</summary>
    public ulong SplitSeed { get; init; }
}
