using Microsoft.Extensions.Hosting;

namespace OpSync.Embedded.Engine;

/// <summary>Ties the silo to the life of its host.</summary>
internal sealed class EmbeddedSiloService(EmbeddedSilo silo) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => silo.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => silo.StopAsync(cancellationToken);
}
