using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Blocks;

/// <summary>A payload whose bytes were checked and whose hash was recomputed.</summary>
/// <param name="Hash">Block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Wire">The success response of payload_by_number. Exact size, never changed, never pooled.</param>
/// <param name="BudgetId">The byte budget that accounts for <paramref name="Wire"/>.</param>
/// <param name="Urgent">Whether it was accounted as urgent.</param>
/// <param name="Ticket">Whoever takes it, on the silo of that budget, accounts for the bytes.</param>
[GenerateSerializer, Immutable, Alias("opsync.held-payload")]
public sealed record HeldPayload(
    [property: Id(0)] Hash32 Hash,
    [property: Id(1)] Hash32 ParentHash,
    [property: Id(2)] ulong Timestamp,
    [property: Id(3)] byte[] Wire,
    [property: Id(4)] Guid BudgetId,
    [property: Id(5)] bool Urgent,
    [property: Id(6)] long Ticket);
