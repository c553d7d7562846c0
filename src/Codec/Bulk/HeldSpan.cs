namespace OpSync.Codec.Bulk;

/// <summary>A run of heights that a peer holds.</summary>
/// <param name="First">Lowest height, included.</param>
/// <param name="Last">Highest height, included.</param>
public readonly record struct HeldSpan(ulong First, ulong Last);
