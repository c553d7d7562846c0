namespace Orleans.Placement;

/// <summary>On the silo of the first caller.</summary>
public sealed class PreferLocalPlacementAttribute : PlacementAttribute;
