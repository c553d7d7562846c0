namespace Orleans.Placement;

/// <summary>
/// Where in a cluster a new activation goes. The embedded engine is one silo, so these attributes change nothing here.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class PlacementAttribute : Attribute
{
    private protected PlacementAttribute()
    {
    }
}
