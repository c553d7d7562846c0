using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Ranges;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Calls come in any order, one-way calls get lost, activations end between turns: nothing of it may do lasting harm.</summary>
public sealed class HostileTests
{
    private const ulong First = 1, Last = 600;

    [Fact]
    public async Task Range_completes_on_a_hostile_engine_and_leaves_nothing_behind()
    {
        int[] seeds = [.. Enumerable.Range(1, Rounds.Of(3, 30)).Select(n => n + Seeds.Shift)];
        await Parallel.ForEachAsync(
            seeds, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (seed, _) => await FillAsync(seed));
    }

    private static async Task FillAsync(int seed)
    {
        ShiftedTime time = new();
        await using World world = await World.StartAsync(new WorldOptions
        {
            Time = time,
            Hostile = seed,
            Ranges = new RangeSyncOptions
            {
                NobodyHasRetry = TimeSpan.FromMilliseconds(200),
                PromoteRepeat = TimeSpan.FromMilliseconds(500),
                ReplyLost = TimeSpan.FromSeconds(3),
            },
        });
        ScriptedPeer[] innocent =
            [ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"), ScriptedPeer.Lacking("lacking", static number => number % 3 == 0)];
        ScriptedPeer[] liars = [ScriptedPeer.Malformed("malformed"), ScriptedPeer.Wrong("wrong")];
        foreach (ScriptedPeer peer in innocent.Concat(liars)) await world.IntroduceAsync(peer);

        RangeReport report = await world.EndAsync(await world.PostAsync(First, Last));

        Assert.True(report.State == RangeState.Complete, $"Seed {seed}: {report.State}, {report.StallText}");
        await world.AssertHoldsAsync(First, Last);
        Assert.Equal((long)(Last - First + 1), await world.Store.CountAsync(CancellationToken.None));
        Assert.All(world.Crowd.Log, asked => Assert.InRange(asked.Number, First, Last));
        foreach (ScriptedPeer peer in innocent)
        {
            PeerReport told = await world.Peer(peer.Id).GetReport();
            Assert.Equal((0, 0), (told.Malformed, told.Rejected));
        }

        // What a quarantine holds for a range that forgot about it goes when the quarantine was idle for its time.
        await World.UntilAsync(
            async () =>
            {
                time.Skip(TimeSpan.FromMinutes(6));
                await world.Silos.CollectIdleAsync();
                return world.BudgetUsed == 0;
            },
            () => $"Seed {seed}: {world.BudgetUsed} bytes are still accounted.");
    }
}
