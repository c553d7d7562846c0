using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>A range from its post to its end, with everything between that a silo has.</summary>
public sealed partial class RangeTests
{
    private const ulong First = 1, Last = 600;

    [Fact]
    public async Task Range_completes_from_a_mixed_crowd_and_charges_exactly_the_liars()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer[] innocent =
        [
            ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"), ScriptedPeer.Slow("slow", TimeSpan.FromMilliseconds(30)),
            ScriptedPeer.Silent("silent"), ScriptedPeer.Lacking("lacking", static number => number % 3 == 0),
        ];
        ScriptedPeer[] liars =
            [ScriptedPeer.Malformed("malformed"), ScriptedPeer.Wrong("wrong"), ScriptedPeer.Following("fork", TestChain.Fork)];
        await world.AddAsync([.. innocent, .. liars]);

        // All are loaded alike from the highest height down, so each liar has a first chance above the fork's split.
        string range = await world.PostAsync(First, Last);
        RangeReport report = await world.EndAsync(range);

        Assert.Equal((RangeState.Complete, Last - First + 1), (report.State, report.Stored));
        await world.AssertHoldsAsync(First, Last);
        await world.BudgetReturnsAsync();

        foreach (ScriptedPeer peer in innocent)
        {
            PeerReport told = await world.Peer(peer.Id).GetReport();
            Assert.Equal((0, 0), (told.Malformed, told.Rejected));
            Assert.True(told.Score >= 0 && told.BannedUntil is null, $"{peer.Id}: {told.Score}");
        }

        await World.UntilAsync(async () => (await world.Peer("wrong").GetReport()).Rejected > 0, "wrong was not charged.");
        await World.UntilAsync(async () => (await world.Peer("fork").GetReport()).Rejected > 0, "fork was not charged.");
        await World.UntilAsync(async () => (await world.Peer("malformed").GetReport()).Malformed > 0, "malformed was not charged.");
        Assert.Equal(0, (await world.Peer("malformed").GetReport()).Rejected);
        foreach (ScriptedPeer peer in liars) Assert.True((await world.Peer(peer.Id).GetReport()).Score < 0, peer.Id);

        Assert.All(world.Crowd.Log, asked => Assert.InRange(asked.Number, First, Last));
        Assert.All(innocent.Concat(liars), peer => Assert.InRange(peer.InFlightMost, 1, 16));
    }
}
