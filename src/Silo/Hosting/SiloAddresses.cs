using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Peering;

namespace OpSync.Silo.Hosting;

/// <summary>Where other nodes reach this silo.</summary>
public sealed class SiloAddresses
{
    private readonly SwarmHolder _swarm;

    internal SiloAddresses(SwarmHolder swarm) => _swarm = swarm;

    /// <summary>Addresses the swarm listens on, with the ports it was given; none before it started.</summary>
    public IReadOnlyList<Multiaddr> Listen => _swarm.IsReady ? [.. _swarm.Value.ListenAddresses] : [];
}
