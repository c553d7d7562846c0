namespace Orleans.Configuration;

/// <summary>Names of the cluster.</summary>
public class ClusterOptions
{
    /// <summary>This deployment of the service.</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>The service; stored data belong to it.</summary>
    public string ServiceId { get; set; } = "default";
}
