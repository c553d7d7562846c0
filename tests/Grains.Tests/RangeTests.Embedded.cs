using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Ranges;
using Xunit;

namespace OpSync.Grains.Tests;

/// <content>Needs an engine that refuses activations.</content>
public sealed partial class RangeTests
{
    [Fact]
    public async Task Range_bears_answers_that_come_before_it_waits_for_them()
    {
        // Room for what all silos share, the chain and the range: each call to a peer fails while it is made.
        await using World world = await World.StartAsync(new WorldOptions { ActivationsMax = 3 });
        foreach (string peer in (string[])["p-1", "p-2", "p-3"]) await world.Chain.PeerChanged(new PeerNotice(peer, true, 16));

        string range = await world.PostAsync(First, Last);

        RangeReport report = await world.UntilAsync(range, r => r.StallCode == nameof(StallReason.NoPeers));
        Assert.Equal((RangeState.Running, 0), (report.State, report.InFlight));
        Assert.Contains("None of 3 peers can be asked for block 600 (Unreachable)", report.StallText, StringComparison.Ordinal);
    }
}
