using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Demo;

/// <summary>A store that misbehaves on reads by number, for the demo's serving peers. Everything else is the inner store's.</summary>
internal sealed class DemoStore(IBlockStore inner, DemoRole role, ChainSpec chain) : IBlockStore
{
    private static readonly TimeSpan SlowBy = TimeSpan.FromMilliseconds(250);

    public ulong ChainId => inner.ChainId;

    public Hash32 GenesisHash => inner.GenesisHash;

    public async ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken)
    {
        StoredBlock? block = await inner.GetAsync(number, rankMin, cancellationToken);
        if (role == DemoRole.Slow) await Task.Delay(SlowBy, cancellationToken);
        return role == DemoRole.Lying && block is not null ? Forge(block) : block;
    }

    public ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken) => inner.GetAsync(hash, cancellationToken);

    public ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken) =>
        inner.GetCanonicalAsync(number, cancellationToken);

    public ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken) => inner.GetHeadAsync(rankMin, cancellationToken);

    public ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken) =>
        inner.ReadAsync(range, rankMin, countMax, bytesMax, cancellationToken);

    public ValueTask<IReadOnlyList<Island>> GetIslandsAsync(BlockRange range, TrustRank rankMin, CancellationToken cancellationToken) =>
        inner.GetIslandsAsync(range, rankMin, cancellationToken);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => inner.CountAsync(cancellationToken);

    public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendItem> items, CancellationToken cancellationToken) =>
        inner.AppendAsync(items, cancellationToken);

    public ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken) =>
        inner.RaiseRankAsync(anchor, first, cancellationToken);

    public ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken) => inner.PruneBelowAsync(number, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The same block with another state root, and the hash that belongs to it: nothing but the chain above gives it away.</summary>
    private StoredBlock Forge(StoredBlock block)
    {
        PayloadResponseReader reader = new(chain);
        if (reader.Read(block.Wire, block.Number, out BlockFacts facts) != PayloadFault.None) return block;
        if (ExecutionPayloadView.Read(reader.Ssz, facts.Version, out ExecutionPayloadView view) != PayloadFault.None) return block;
        ExecutionPayload payload = ExecutionPayload.From(view);
        byte[] root = payload.StateRoot.ToArray();
        root[0] ^= 0xff;
        payload.StateRoot = new Hash32(root);
        payload.BlockHash = payload.ComputeBlockHash(facts.Version);
        return block with { Hash = payload.BlockHash, Wire = PayloadResponse.Encode(payload.ToSsz(facts.Version), facts.Version) };
    }
}
