namespace OpSync.Contracts.Serving;

/// <summary>What peers may ask of all silos of a cluster together: one token bucket for each peer, whatever silos it is connected to.
/// A fixed number of such grains share the peers, so that strangers make none. Keyed by <see cref="ServeShareGrainKey"/>.</summary>
[Alias("opsync.IServeShareGrain")]
public interface IServeShareGrain : IGrainWithIntegerKey
{
    /// <summary>A silo takes tokens of a peer, to be used within a second. Nothing is given back.</summary>
    [Alias("lease")]
    Task<ServeLease> Lease(ServeLeaseOrder order);
}
