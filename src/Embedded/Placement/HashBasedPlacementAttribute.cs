namespace Orleans.Placement;

/// <summary>On a silo chosen by the hash of the key.</summary>
public sealed class HashBasedPlacementAttribute : PlacementAttribute;
