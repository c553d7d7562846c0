using OpSync.Codec.Primitives;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Ports;

/// <summary>The verified blocks of one chain. Bound to (chain id, genesis hash) when it is opened.</summary>
/// <remarks>
/// Blocks are stored by hash; a canonical index maps a height to a hash and the rank that set it. Only a higher rank re-points
/// an entry, and never one of rank <see cref="TrustRank.Finalized"/>. Reads may run in parallel with the one writer.
/// Infrastructure faults are exceptions; disk full is <see cref="StoreFullException"/>.
/// </remarks>
public interface IBlockStore : IAsyncDisposable
{
    /// <summary>Chain of this store.</summary>
    ulong ChainId { get; }

    /// <summary>Genesis hash of the chain.</summary>
    Hash32 GenesisHash { get; }

    /// <summary>Appends in one commit. Idempotent. When it returns, everything is durable.</summary>
    /// <param name="items">At most a few hundred blocks; the caller groups them.</param>
    /// <param name="cancellationToken">Honoured before the commit begins, not within it.</param>
    /// <returns>One result per item, in order.</returns>
    ValueTask<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendItem> items, CancellationToken cancellationToken);

    /// <summary>Raises the rank of stored canonical blocks that link to an anchor of higher rank.</summary>
    /// <param name="anchor">The anchor; nothing happens unless its block is stored and canonical.</param>
    /// <param name="first">Lowest height to touch.</param>
    /// <param name="cancellationToken">Cancels between pages.</param>
    ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken);

    /// <summary>The canonical block of a height, or null.</summary>
    /// <param name="number">Height.</param>
    /// <param name="rankMin">A block below this rank counts as absent: what only a caller vouches for is not served.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken);

    /// <summary>The block with a hash, canonical or not, or null.</summary>
    ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken);

    /// <summary>The canonical entry of a height, or null.</summary>
    ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken);

    /// <summary>The highest canonical block, or null where there is none.</summary>
    /// <param name="rankMin">Blocks below this rank count as absent.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken);

    /// <summary>Canonical blocks of <paramref name="range"/> in ascending order, ending at the first height that is absent or below <paramref name="rankMin"/>, after
    /// <paramref name="countMax"/> blocks, or when the wire bytes would pass <paramref name="bytesMax"/> (at least one is given).</summary>
    ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken);

    /// <summary>Maximal hash-linked runs of canonical blocks that touch <paramref name="range"/>, ascending, clipped to it.</summary>
    /// <param name="range">Heights of interest.</param>
    /// <param name="rankMin">Blocks below this rank count as absent.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask<IReadOnlyList<Island>> GetIslandsAsync(BlockRange range, TrustRank rankMin, CancellationToken cancellationToken);

    /// <summary>Number of stored blocks, canonical or not.</summary>
    ValueTask<long> CountAsync(CancellationToken cancellationToken);

    /// <summary>Deletes blocks below a height and gives their space back for reuse.</summary>
    /// <returns>Blocks deleted.</returns>
    ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken);
}
