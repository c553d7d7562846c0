using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Contracts.Chains;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;

namespace OpSync.Silo.Hosting;

/// <summary>Starts the silo's one swarm once the grains can be called, and wakes the ranges that a former process left open.</summary>
internal sealed class SwarmService(
    SiloSettings settings, SwarmHolder holder, PeerLinks links, ServeProtocol serve, ChainRegistry chains, IGrainFactory grains,
    TimeProvider time, ILogger<SwarmService> log) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Swarm swarm = new(new SwarmOptions(), settings.Identity, log, time, links);
        serve.Register(swarm);
        foreach (Multiaddr address in settings.Listen) await swarm.ListenAsync(address, cancellationToken).ConfigureAwait(false);
        foreach (Multiaddr address in swarm.ListenAddresses) Log.Listening(log, address.ToString());
        holder.Set(swarm);
        foreach (ulong chain in chains.ChainIds) _ = PokeAsync(chain);
    }

    /// <summary>The process does not wait for its ranges, and a chain reviews them by itself every few seconds anyway.</summary>
    private async Task PokeAsync(ulong chain)
    {
        try
        {
            await grains.GetChain(chain).Poke().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.DeliveryFailed(log, nameof(IChainGrain), 1, e);
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        links.Stop();
        if (holder.IsReady) await holder.Value.DisposeAsync().ConfigureAwait(false);
    }
}
