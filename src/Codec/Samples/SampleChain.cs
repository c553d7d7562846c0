using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Samples;

/// <summary>Generates a valid chain from a seed, for demonstrations, tests and benchmarks: linked by hash, with correct roots
/// and a correct L1 attributes deposit at the start of every block. Nothing in it can be executed.</summary>
/// <remarks>Blocks are made when they are asked for, at several hundred megabytes a second. Safe for any number of threads;
/// each enumeration generates for itself.</remarks>
public sealed class SampleChain
{
    /// <summary>Seconds between blocks.</summary>
    public const ulong BlockSeconds = 2;

    /// <summary>Timestamp of block 0, seconds since 1970: 2023-11-14, so that no sample lies in the future.</summary>
    public const ulong GenesisTime = 1_700_000_000;

    /// <summary>Number of the L1 block that block 0 builds on.</summary>
    internal const ulong L1GenesisNumber = 5_000_000;

    private readonly SampleChainOptions _options;

    /// <summary>Creates a chain.</summary>
    /// <exception cref="ArgumentException">The split is at block 0, which all splits of a chain share.</exception>
    public SampleChain(SampleChainOptions options)
    {
        if (options.SplitAt == 0) throw new ArgumentException("A chain can split at block 1 or later.", nameof(options));
        _options = options;
        Genesis = new SampleBlockWriter(options).Next();
        Spec = new ChainSpec(
            options.ChainId,
            Genesis.Facts.Id,
            GenesisTime,
            new BlockId(L1GenesisNumber, SampleBlockWriter.L1Hash(options.Seed, L1GenesisNumber)),
            ForkSchedule.FromGenesis(options.Fork),
            new BlockTime(0, 1_000 * BlockSeconds));
    }

    /// <summary>Block 0, which has no transactions.</summary>
    public SampleBlock Genesis { get; }

    /// <summary>What readers of the chain need to know. <see cref="RollupConfig.Write"/> makes a file of it.</summary>
    public ChainSpec Spec { get; }

    /// <summary>The blocks 1 to <paramref name="last"/> in ascending order.</summary>
    public IEnumerable<SampleBlock> Blocks(ulong last)
    {
        SampleBlockWriter writer = new(_options);
        writer.Next();
        for (ulong number = 1; number <= last; number++) yield return writer.Next();
    }
}
