namespace Orleans.Configuration;

/// <summary>Settings of calls to the grains of a silo.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>
    /// Calls that may wait at one activation; more are refused. 0 leaves it to the engine, which is 10,000 here and no limit
    /// on Orleans.
    /// </summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }
}
