using Microsoft.Extensions.Logging;
using OpSync.Contracts.Chains;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;

namespace OpSync.Silo.Hosting;

/// <summary>Tells every chain that this silo is there, and has it wake its unfinished ranges. Nobody waits for them.</summary>
internal sealed class ChainPokes(SiloSettings settings, ChainRegistry chains, IGrainFactory grains, OwnPeers own, TimeProvider time, ILogger<ChainPokes> log)
{
    /// <summary>A chain that woke reviews its ranges by itself every few seconds; one that did not is woken by its reminder.</summary>
    private const int AttemptsMax = 5;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>Makes this silo known to a chain, and learns of the others.</summary>
    public async Task JoinAsync(ulong chain) => own.Add((await grains.GetChain(chain).JoinSilo(settings.Identity.Id.ToString()).ConfigureAwait(false)).PeerIds);

    /// <summary>Begins, for every chain.</summary>
    public void Begin()
    {
        foreach (ulong chain in chains.ChainIds) _ = PokeAsync(chain);
    }

    private async Task PokeAsync(ulong chain)
    {
        for (int attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            try
            {
                await JoinAsync(chain).ConfigureAwait(false);
                await grains.GetChain(chain).Poke().ConfigureAwait(false);
                return;
            }
            catch (Exception e)
            {
                Log.DeliveryFailed(log, nameof(IChainGrain), attempt, e);
            }

            await Task.Delay(RetryAfter, time).ConfigureAwait(false);
        }
    }
}
