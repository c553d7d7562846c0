using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ports;

/// <summary>A verified block as it lies in the store.</summary>
/// <param name="Number">Height.</param>
/// <param name="Hash">Block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Wire">The complete success response of payload_by_number: result code, version, snappy framing.
/// Exact size, never changed, never pooled.</param>
/// <param name="Signature">The unsafe block signer's 65-byte signature, if known.</param>
public sealed record StoredBlock(
    ulong Number, Hash32 Hash, Hash32 ParentHash, ulong Timestamp, byte[] Wire, byte[]? Signature = null)
{
    /// <summary>Number and hash.</summary>
    public BlockId Id => new(Number, Hash);
}
