namespace Orleans;

/// <summary>Calls grains from outside of them.</summary>
public interface IClusterClient : IGrainFactory
{
    /// <summary>Services of the host the client lives in.</summary>
    IServiceProvider ServiceProvider { get; }
}
