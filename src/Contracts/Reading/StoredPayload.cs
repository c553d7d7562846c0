using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Reading;

/// <summary>A stored block.</summary>
/// <param name="Block">Number and hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Wire">The success response of payload_by_number. Never changed.</param>
/// <param name="Signature">The sequencer's 65-byte signature, if known.</param>
[GenerateSerializer, Immutable, Alias("opsync.stored-payload")]
public sealed record StoredPayload(
    [property: Id(0)] BlockId Block,
    [property: Id(1)] Hash32 ParentHash,
    [property: Id(2)] ulong Timestamp,
    [property: Id(3)] byte[] Wire,
    [property: Id(4)] byte[]? Signature);
