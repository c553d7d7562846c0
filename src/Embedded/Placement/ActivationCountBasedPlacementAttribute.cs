namespace Orleans.Placement;

/// <summary>On a silo with few activations.</summary>
public sealed class ActivationCountBasedPlacementAttribute : PlacementAttribute;
