namespace OpSync.Sync.Ranges;

/// <summary>What one range may ask for ahead of its cursor.</summary>
/// <param name="Bytes">Bytes quarantined or expected.</param>
/// <param name="Blocks">Heights from the top of its window.</param>
public readonly record struct WindowShare(long Bytes, int Blocks);
