using OpSync.Embedded.Engine;
using Orleans.Runtime;

namespace OpSync.Embedded;

/// <summary>
/// Where clients find the silo of this process. Each host with a silo has one; a host that has only a client, or a silo
/// that is to be restarted under its clients, is given the same instance as a singleton service.
/// </summary>
public sealed class EmbeddedCluster : ISiloSource
{
    private volatile EmbeddedSilo? _silo;
    private volatile GrainCatalog? _catalog;

    /// <inheritdoc/>
    EmbeddedSilo? ISiloSource.Current => _silo;

    /// <inheritdoc/>
    GrainCatalog ISiloSource.Catalog => _catalog
        ?? throw new SiloUnavailableException("The silo of this process has not started yet.");

    internal void Attach(EmbeddedSilo silo)
    {
        if (_silo is not null) throw new InvalidOperationException("An embedded cluster has one silo; more need Orleans.");
        _catalog = silo.Catalog;
        _silo = silo;
    }

    internal void Detach(EmbeddedSilo silo)
    {
        if (_silo == silo) _silo = null;
    }
}
