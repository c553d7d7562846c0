using OpSync.Codec.OpStack;

namespace OpSync.Codec.Samples;

/// <summary>A block of a <see cref="SampleChain"/>.</summary>
/// <param name="Facts">What a reader of the block finds.</param>
/// <param name="Ssz">The payload, with its envelope where its version has one.</param>
public sealed record SampleBlock(BlockFacts Facts, byte[] Ssz)
{
    /// <summary>The block as a success response of payload_by_number.</summary>
    public byte[] ToWire() => PayloadResponse.Encode(Ssz, Facts.Version);
}
