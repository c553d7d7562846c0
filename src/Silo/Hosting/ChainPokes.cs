using Microsoft.Extensions.Logging;
using OpSync.Contracts.Chains;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;

namespace OpSync.Silo.Hosting;

/// <summary>Tells every chain that this silo is there, and has it wake its unfinished ranges. Nobody waits for them.</summary>
internal sealed class ChainPokes(SiloSettings settings, ChainRegistry chains, IGrainFactory grains, OwnPeers own, ILogger<ChainPokes> log)
{
    /// <summary>Makes this silo known to a chain, and learns of the others.</summary>
    public async Task JoinAsync(ulong chain) => own.Add((await grains.GetChain(chain).JoinSilo(settings.Identity.Id.ToString()).ConfigureAwait(false)).PeerIds);

    /// <summary>Begins, for every chain.</summary>
    public void Begin()
    {
        foreach (ulong chain in chains.ChainIds) _ = PokeAsync(chain);
    }

    private async Task PokeAsync(ulong chain)
    {
        try
        {
            await JoinAsync(chain).ConfigureAwait(false);
            await grains.GetChain(chain).Poke().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A chain reviews its ranges by itself every few seconds, and the reminder wakes the chain.
            Log.DeliveryFailed(log, nameof(IChainGrain), 1, e);
        }
    }
}
