using OpSync.Libp2p.Swarms;

namespace OpSync.Silo.Peering;

/// <summary>The silo's one swarm. It is made when the silo starts, after the grains that may ask for it.</summary>
internal sealed class SwarmHolder
{
    private Swarm? _swarm;

    /// <summary>The swarm.</summary>
    /// <exception cref="InvalidOperationException">The silo has not started yet.</exception>
    public Swarm Value => _swarm ?? throw new InvalidOperationException("The silo's swarm has not started yet.");

    /// <summary>True once it was set.</summary>
    public bool IsReady => _swarm is not null;

    /// <summary>Sets it, once.</summary>
    public void Set(Swarm swarm) => _swarm = swarm;
}
