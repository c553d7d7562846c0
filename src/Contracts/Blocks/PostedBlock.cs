using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Blocks;

/// <summary>A block handed in from outside, its bytes checked and its hash recomputed.</summary>
/// <param name="Hash">Block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Wire">The success response of payload_by_number. Exact size, never changed, never pooled.</param>
/// <param name="Rank">Rank of whoever vouches for it (docs/adr/0003); 0 if nobody does.</param>
[GenerateSerializer, Immutable, Alias("opsync.posted-block")]
public sealed record PostedBlock(
    [property: Id(0)] Hash32 Hash,
    [property: Id(1)] Hash32 ParentHash,
    [property: Id(2)] ulong Timestamp,
    [property: Id(3)] byte[] Wire,
    [property: Id(4)] byte Rank);
