namespace OpSync.Contracts.Cluster;

/// <summary>Reaches the one grain of what all silos share.</summary>
public static class ClusterGrainKey
{
    /// <summary>The grain.</summary>
    public static IClusterGrain GetCluster(this IGrainFactory grains) => grains.GetGrain<IClusterGrain>(0);
}
