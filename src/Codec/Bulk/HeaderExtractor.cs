using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;

namespace OpSync.Codec.Bulk;

/// <summary>Makes the header of a stored block: its payload with roots in place of the lists.</summary>
/// <remarks>Owned by one thread at a time. Holds a buffer of <see cref="PayloadByNumber.SizeMax"/> bytes, of which the operating
/// system backs only what the largest block so far has touched.</remarks>
/// <param name="chain">The chain of the blocks.</param>
public sealed class HeaderExtractor(ChainSpec chain)
{
    private readonly byte[] _scratch = GC.AllocateUninitializedArray<byte>(PayloadByNumber.SizeMax);

    /// <summary>Writes the header of a block.</summary>
    /// <param name="wire">The block as a success response of payload_by_number.</param>
    /// <param name="id">Its number and hash.</param>
    /// <param name="target">Room for <see cref="BlockHeaderView.SizeMax"/> bytes.</param>
    /// <returns>Bytes written; 0 if the bytes are not the block that they should be.</returns>
    public int Extract(ReadOnlySpan<byte> wire, BlockId id, Span<byte> target)
    {
        if (wire.Length < PayloadByNumber.ResponseHeaderSize) return 0;
        SnappyFault damage = SnappyFraming.Decode(wire[PayloadByNumber.ResponseHeaderSize..], _scratch, out int length, out _);
        if (damage != SnappyFault.None) return 0;
        PayloadVersion version = chain.VersionAt(chain.TimestampOf(id.Number));
        if (ExecutionPayloadView.Read(_scratch.AsSpan(0, length), version, out ExecutionPayloadView payload) != PayloadFault.None) return 0;

        int written = BlockHeaderView.Of(payload, payload.Transactions.ComputeRoot(KeccakBackend.Auto)).Write(target);
        return Keccak256.Hash(target[..written]) == id.Hash ? written : 0;
    }
}
