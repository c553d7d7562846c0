using OpSync.Codec.Primitives;

namespace OpSync.Codec.Transactions;

/// <summary>An entry of an access list (EIP-2930).</summary>
/// <param name="Address">Account.</param>
/// <param name="StorageKeys">Its slots.</param>
public sealed record AccessListEntry(Address Address, IReadOnlyList<Hash32> StorageKeys);
