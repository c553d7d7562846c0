using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Configuration;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Local;

/// <summary>Tells the grains what the configuration names: anchors, and peers that are dialled at start and never forgotten.</summary>
internal sealed class PlanService(UpPlan plan, IGrainFactory grains, ILogger<PlanService> log) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (ChainPlan chain in plan.Chains)
        {
            foreach (BlockId anchor in chain.Anchors)
            {
                AnchorPosted posted = await grains.GetChain(chain.Spec.ChainId).PostAnchor(new AnchorInfo(anchor, (byte)TrustRank.Configured));
                if (posted.Conflict is { } other) LogMessages.AnchorRefused(log, anchor.Number, anchor.Hash, chain.Name, other);
            }

            foreach (IGrouping<PeerId, Multiaddr> peer in chain.Peers.GroupBy(a => a.PeerId!))
            {
                await grains.GetPeer(peer.Key.ToString()).Configure(
                    new PeerSetup(chain.Spec.ChainId, [.. peer.Select(a => a.ToString())], Configured: true));
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
