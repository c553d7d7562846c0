using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Local;

/// <summary>Reads stored blocks back and checks them as if a stranger had sent them.</summary>
internal static class StoreChecks
{
    private const int PageBlocks = 256;
    private const long PageBytes = 16 << 20;

    /// <summary>Recomputes every hash and checks every link inside each island, and the anchor if one is given.</summary>
    /// <returns>The number of blocks checked, and the first problem in words, or null.</returns>
    public static async Task<(long Verified, string? Problem)> VerifyAsync(
        IBlockStore store, ChainSpec chain, BlockId? anchor, CancellationToken cancellationToken)
    {
        PayloadResponseReader reader = new(chain);
        long verified = 0;
        if (anchor is { } trusted && (await store.GetCanonicalAsync(trusted.Number, cancellationToken))?.Hash is var stored && stored != trusted.Hash)
        {
            return (0, stored is null
                ? $"height {trusted.Number} of the anchor is not stored"
                : $"height {trusted.Number} is stored as {stored}, the anchor is {trusted.Hash}");
        }

        foreach (Island island in await store.GetIslandsAsync(new BlockRange(0, long.MaxValue), TrustRank.Caller, cancellationToken))
        {
            Hash32 parent = island.FirstParentHash;
            for (ulong next = island.Range.First; next <= island.Range.Last;)
            {
                IReadOnlyList<StoredBlock> page = await store.ReadAsync(
                    new BlockRange(next, island.Range.Last), TrustRank.Caller, PageBlocks, PageBytes, cancellationToken);
                if (page.Count == 0) return (verified, $"height {next} is listed but cannot be read");
                foreach (StoredBlock block in page)
                {
                    PayloadFault fault = reader.Read(block.Wire, block.Number, out BlockFacts facts);
                    if (fault != PayloadFault.None) return (verified, $"height {block.Number} does not decode: {fault}");
                    if (facts.Hash != block.Hash) return (verified, $"height {block.Number} is listed as {block.Hash} but hashes to {facts.Hash}");
                    if (facts.ParentHash != parent) return (verified, $"height {block.Number} names parent {facts.ParentHash}, below it lies {parent}");
                    parent = facts.Hash;
                    verified++;
                }

                next += (ulong)page.Count;
            }

            if (parent != island.LastHash) return (verified, $"height {island.Range.Last} should be {island.LastHash}, it is {parent}");
        }

        return (verified, null);
    }
}
