using System.Diagnostics;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Fuzz.Reference;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>A store of a few runs of blocks around the forks, the same in every run, with one height that cannot be read, one
/// block whose bytes are damaged, and one that does not link to the block below.</summary>
internal sealed class ServedBlocks : IBlockStore
{
    public const ulong Genesis = 5, Unreadable = 12;

    private const ulong Damaged = 16, Unlinked = 102;

    private readonly Dictionary<ulong, StoredBlock> _blocks = [];
    private readonly Dictionary<ulong, byte[]> _headers = [];

    public ServedBlocks()
    {
        Random random = new(1);
        foreach ((ulong first, ulong last) in Runs)
        {
            byte[] parent = random.NextBytes(Hash32.Size);
            for (ulong number = first; number <= last; number++) parent = Add(random, number, number == Unlinked ? random.NextBytes(Hash32.Size) : parent);
        }
    }

    /// <summary>What is held, ascending, first and last height included.</summary>
    public static (ulong First, ulong Last)[] Runs { get; } = [(8, 20), (96, 104), (198, 203), (297, 315)];

    public ulong ChainId => SlowResponse.Chain.ChainId;

    public Hash32 GenesisHash => default;

    public StoredBlock? Find(ulong number) => _blocks.GetValueOrDefault(number);

    /// <summary>The header of a block, null where its bytes give none.</summary>
    public byte[]? HeaderOf(ulong number) => _headers.GetValueOrDefault(number);

    public ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken)
    {
        Demand(rankMin);
        return number == Unreadable ? throw new IOException("The script says so.") : ValueTask.FromResult(Find(number));
    }

    public ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken)
    {
        Demand(rankMin);
        List<StoredBlock> page = [];
        for (ulong number = range.First; number <= range.Last && page.Count < countMax && Find(number) is { } block; number++)
        {
            bytesMax -= block.Wire.Length;
            if (page.Count > 0 && (bytesMax < 0 || number == Unreadable)) break;
            if (number == Unreadable) throw new IOException("The script says so.");
            page.Add(block);
        }

        return ValueTask.FromResult<IReadOnlyList<StoredBlock>>(page);
    }

    public ValueTask<IReadOnlyList<Island>> GetIslandsAsync(BlockRange range, TrustRank rankMin, CancellationToken cancellationToken)
    {
        Demand(rankMin);
        return ValueTask.FromResult<IReadOnlyList<Island>>([.. Runs.Select(r => new Island(new BlockRange(r.First, r.Last), default, default))]);
    }

    public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendItem> items, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken) => throw new UnreachableException();

    public ValueTask DisposeAsync() => default;

    private static void Demand(TrustRank rankMin) => Kit.FuzzFailure.UnlessEqual(TrustRank.Signed, rankMin, "rank of what is served:");

    private byte[] Add(Random random, ulong number, byte[] parent)
    {
        ulong timestamp = SlowResponse.TimestampOf(number);
        int version = SlowResponse.VersionAt(timestamp), start = version >= 3 ? 32 : 0;
        byte[] ssz = Payloads.Next(random, (PayloadVersion)version, number, timestamp);
        parent.CopyTo(ssz, start);
        SlowPayload payload = SlowPayload.Decode(ssz, version)!;
        byte[] hash = payload.BlockHash();
        hash.CopyTo(ssz, start + 472);
        byte[] wire = ResponseTarget.Frame(random, ssz, (PayloadVersion)version);
        if (number == Damaged) wire[^1] ^= 1;
        else _headers[number] = payload.Header();
        byte[]? signature = random.Next(2) == 0 ? random.NextBytes(65) : null;
        _blocks[number] = new StoredBlock(number, new Hash32(hash), new Hash32(parent), timestamp, wire, signature);
        return hash;
    }
}
