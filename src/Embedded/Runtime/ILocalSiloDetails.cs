namespace Orleans.Runtime;

/// <summary>Names of this silo.</summary>
public interface ILocalSiloDetails
{
    /// <summary>Name for people.</summary>
    string Name { get; }

    /// <summary>Cluster the silo belongs to.</summary>
    string ClusterId { get; }

    /// <summary>Address, which changes with each start.</summary>
    SiloAddress SiloAddress { get; }
}
