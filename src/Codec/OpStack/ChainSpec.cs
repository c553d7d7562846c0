using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>What has to be known of an L2 chain to judge its blocks. Immutable; one instance serves the whole process.</summary>
/// <remarks>Files: see <see cref="RollupConfig"/>. Known chains: see <see cref="Networks"/>.</remarks>
public sealed class ChainSpec
{
    private const ulong MillisecondsPerSecond = 1_000;

    private readonly BlockTime[] _blockTimes;

    // Time of the first block of each entry, in milliseconds; wide, because numbers may come from strangers.
    private readonly UInt128[] _startTimes;

    /// <summary>Creates a chain.</summary>
    /// <param name="chainId">L2 chain id.</param>
    /// <param name="genesis">The first L2 block.</param>
    /// <param name="genesisTime">Its timestamp, seconds since 1970.</param>
    /// <param name="l1Genesis">The L1 block that it builds on.</param>
    /// <param name="forks">Fork times.</param>
    /// <param name="blockTimes">One entry from the genesis number on, then one for each change in ascending order.</param>
    /// <exception cref="ArgumentException">The block times break these rules, or one of them is 0.</exception>
    public ChainSpec(
        ulong chainId,
        BlockId genesis,
        ulong genesisTime,
        BlockId l1Genesis,
        ForkSchedule forks,
        params ReadOnlySpan<BlockTime> blockTimes)
    {
        if (FindBlockTimeError(genesis.Number, blockTimes) is { } error) throw new ArgumentException(error, nameof(blockTimes));
        ChainId = chainId;
        Genesis = genesis;
        GenesisTime = genesisTime;
        L1Genesis = l1Genesis;
        Forks = forks;
        _blockTimes = blockTimes.ToArray();
        _startTimes = new UInt128[blockTimes.Length];
        _startTimes[0] = (UInt128)genesisTime * MillisecondsPerSecond;
        for (int i = 1; i < blockTimes.Length; i++) _startTimes[i] = MillisecondsOf(blockTimes[i].FromNumber, i - 1);
    }

    /// <summary>L2 chain id.</summary>
    public ulong ChainId { get; }

    /// <summary>The first block of the chain in its present form: not 0 where an older chain came before.</summary>
    public BlockId Genesis { get; }

    /// <summary>Timestamp of the genesis block, seconds since 1970.</summary>
    public ulong GenesisTime { get; }

    /// <summary>The L1 block that the genesis block builds on.</summary>
    public BlockId L1Genesis { get; }

    /// <summary>Fork times.</summary>
    public ForkSchedule Forks { get; }

    /// <summary>Block times; the first entry is that of genesis.</summary>
    public ReadOnlySpan<BlockTime> BlockTimes => _blockTimes;

    /// <summary>The latest fork that is active at a time.</summary>
    public Fork ForkAt(ulong timestamp) => Forks.At(timestamp);

    /// <summary>The layout of payloads of that time.</summary>
    public PayloadVersion VersionAt(ulong timestamp) => Forks.VersionAt(timestamp);

    /// <summary>The timestamp that a block of this number has, in seconds since 1970.</summary>
    /// <param name="number">Any number. Below genesis the answer is that of genesis, beyond all time the largest number.</param>
    public ulong TimestampOf(ulong number)
    {
        if (number <= Genesis.Number) return GenesisTime;
        int entry = _blockTimes.Length - 1;
        while (number <= _blockTimes[entry].FromNumber) entry--;
        return Saturate(MillisecondsOf(number, entry) / MillisecondsPerSecond);
    }

    /// <summary>The highest number that can exist at a time; null before genesis.</summary>
    /// <param name="unixSeconds">Seconds since 1970.</param>
    public ulong? ExpectedNumberAt(ulong unixSeconds)
    {
        if (unixSeconds < GenesisTime) return null;

        // Timestamps lose their fraction, so a block may stand anywhere in the second.
        UInt128 now = (UInt128)unixSeconds * MillisecondsPerSecond + (MillisecondsPerSecond - 1);
        int entry = _blockTimes.Length - 1;
        while (now < _startTimes[entry]) entry--;
        UInt128 number = _blockTimes[entry].FromNumber + (now - _startTimes[entry]) / _blockTimes[entry].Milliseconds;

        // Between two entries the old distance ends at the change.
        if (entry + 1 < _blockTimes.Length) number = UInt128.Min(number, _blockTimes[entry + 1].FromNumber);
        return Saturate(number);
    }

    /// <summary>Says what is wrong with a list of block times, or null.</summary>
    internal static string? FindBlockTimeError(ulong genesisNumber, ReadOnlySpan<BlockTime> blockTimes)
    {
        if (blockTimes.IsEmpty || blockTimes[0].FromNumber != genesisNumber) return "the first block time does not start at genesis";
        for (int i = 0; i < blockTimes.Length; i++)
        {
            if (blockTimes[i].Milliseconds is 0 or > BlockTime.MillisecondsMax) return "a block time is 0 or too large";
            if (i > 0 && blockTimes[i].FromNumber <= blockTimes[i - 1].FromNumber) return "block times are not in ascending order";
        }

        return null;
    }

    private UInt128 MillisecondsOf(ulong number, int entry) =>
        _startTimes[entry] + (UInt128)(number - _blockTimes[entry].FromNumber) * _blockTimes[entry].Milliseconds;

    private static ulong Saturate(UInt128 value) => value > ulong.MaxValue ? ulong.MaxValue : (ulong)value;
}
