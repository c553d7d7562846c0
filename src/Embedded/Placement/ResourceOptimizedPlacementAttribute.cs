namespace Orleans.Placement;

/// <summary>On a silo with free resources; the default.</summary>
public sealed class ResourceOptimizedPlacementAttribute : PlacementAttribute;
