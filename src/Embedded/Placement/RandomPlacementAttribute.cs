namespace Orleans.Placement;

/// <summary>On any silo.</summary>
public sealed class RandomPlacementAttribute : PlacementAttribute;
