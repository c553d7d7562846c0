using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>An L2 block and its place in L1, as op-node names it in its RPC answers.</summary>
/// <param name="Id">Number and hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="L1Origin">The L1 block it belongs to; null for a block that does not say.</param>
/// <param name="SequenceNumber">Distance to the first L2 block of that origin; 0 without one.</param>
public readonly record struct L2BlockRef(BlockId Id, Hash32 ParentHash, ulong Timestamp, BlockId? L1Origin, ulong SequenceNumber)
{
    /// <summary>Reads the reference of a block whose stated hash was checked.</summary>
    /// <param name="payload">The block.</param>
    /// <param name="chain">Its chain: genesis takes its origin from there, as it has no transactions.</param>
    /// <param name="reference">The reference.</param>
    /// <returns>False for a block at the genesis number that is not the genesis of the chain.</returns>
    public static bool TryRead(ExecutionPayloadView payload, ChainSpec chain, out L2BlockRef reference)
    {
        BlockId id = new(payload.BlockNumber, payload.BlockHash);
        BlockId? origin = null;
        ulong sequenceNumber = 0;
        if (id.Number == chain.Genesis.Number)
        {
            origin = chain.L1Genesis;
        }
        else if (payload.Transactions.Count > 0 && L1Attributes.TryRead(payload.Transactions[0], out L1Attributes attributes))
        {
            origin = attributes.Origin;
            sequenceNumber = attributes.SequenceNumber;
        }

        reference = new L2BlockRef(id, payload.ParentHash, payload.Timestamp, origin, sequenceNumber);
        return id.Number != chain.Genesis.Number || id == chain.Genesis;
    }
}
