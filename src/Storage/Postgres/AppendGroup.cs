using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Postgres;

/// <summary>One group of an append: what goes to the database as sets, and what its answers mean for each item in order.</summary>
/// <remarks>A group may name a height or a block several times; sets may not. So the first item of a height claims it, the copies of a
/// block are one, and the outcome of each item is worked out here as if they had come one by one.</remarks>
internal sealed class AppendGroup
{
    private readonly IReadOnlyList<AppendItem> _items;

    public AppendGroup(IReadOnlyList<AppendItem> items)
    {
        _items = items;
        SortedDictionary<ulong, AppendItem> claims = [];
        Dictionary<BlockId, StoredBlock> blocks = [];
        foreach (AppendItem item in items)
        {
            StoredBlock block = item.Block;
            claims.TryAdd(block.Number, item);
            if (!blocks.TryGetValue(block.Id, out StoredBlock? known)) blocks.Add(block.Id, block);
            else if (known.Signature is null && block.Signature is not null) blocks[block.Id] = known with { Signature = block.Signature };
        }

        // Ascending heights: every writer takes its locks in the same order, so that no two wait for each other.
        Claims = [.. claims.Values.Select(i => new Claim(i.Block, i.Rank))];
        Blocks = [.. blocks.Values.OrderBy(b => b.Number)];
    }

    /// <summary>A height and who is to be canonical there.</summary>
    public readonly record struct Claim(StoredBlock Block, TrustRank Rank);

    /// <summary>The first item of each height, ascending.</summary>
    public IReadOnlyList<Claim> Claims { get; }

    /// <summary>Each block once, ascending by height.</summary>
    public IReadOnlyList<StoredBlock> Blocks { get; }

    /// <summary>Lowest and highest height.</summary>
    public (ulong First, ulong Last) Span => (Claims[0].Block.Number, Claims[^1].Block.Number);

    /// <summary>What became of each item, and which heights change hands or rank by that.</summary>
    /// <param name="existing">The canonical entries that were there before; heights without one are claimed by now.</param>
    /// <param name="inserted">Blocks that were not stored before.</param>
    public (AppendResult[] Results, List<Claim> Changes) Resolve(
        IReadOnlyDictionary<ulong, CanonicalEntry> existing, HashSet<BlockId> inserted)
    {
        Dictionary<ulong, CanonicalEntry> entries = [];
        foreach (Claim claim in Claims)
        {
            ulong number = claim.Block.Number;
            entries[number] = existing.TryGetValue(number, out CanonicalEntry entry) ? entry : new CanonicalEntry(number, claim.Block.Hash, claim.Rank);
        }

        HashSet<BlockId> fresh = [.. inserted];
        Dictionary<ulong, Claim> changes = [];
        AppendResult[] results = new AppendResult[_items.Count];
        for (int i = 0; i < results.Length; i++)
        {
            (StoredBlock block, TrustRank rank) = _items[i];
            CanonicalEntry entry = entries[block.Number];
            bool isCanonical = entry.Hash == block.Hash;
            Hash32? conflict = null, replaced = null;
            if (!isCanonical && (rank <= entry.Rank || entry.Rank == TrustRank.Finalized))
            {
                conflict = entry.Hash;
            }
            else if (!isCanonical || rank > entry.Rank)
            {
                if (!isCanonical) replaced = entry.Hash;
                entries[block.Number] = new CanonicalEntry(block.Number, block.Hash, rank);
                changes[block.Number] = new Claim(block, rank);
            }
            results[i] = new AppendResult(block.Id, fresh.Remove(block.Id), conflict, replaced);
        }
        return (results, [.. changes.Values]);
    }
}
