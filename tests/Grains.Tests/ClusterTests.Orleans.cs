using Microsoft.Extensions.DependencyInjection;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Peers;
using Orleans.TestingHost;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What only several silos can show.</summary>
public sealed class ClusterTests
{
    private const ulong First = 1, Last = 600;

    [Fact]
    public async Task Range_goes_on_when_the_silo_that_had_it_is_killed()
    {
        await using World world = await World.StartAsync(new WorldOptions { Peers = new PeerPolicyOptions { Rate = 200, Burst = 60, LearnsRate = false } });
        ScriptedPeer[] crowd = [ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"), ScriptedPeer.Slow("slow", TimeSpan.FromMilliseconds(5))];
        await world.AddAsync(crowd);
        string range = await world.PostAsync(First, Last);
        await world.UntilAsync(range, r => r.Stored > 50);
        HashSet<ulong> durable = [.. world.Store.Durable.Keys];
        int asked = world.Crowd.Log.Length;

        await KillHolderAsync(world, world.Range(range));
        RangeReport report = await world.EndAsync(range);

        Assert.Equal(RangeState.Complete, report.State);
        await world.AssertHoldsAsync(First, Last);
        Assert.DoesNotContain(world.Crowd.Log.Skip(asked), a => durable.Contains(a.Number));
        Assert.Equal(2, world.Silos.Services.Count);
        foreach (ScriptedPeer peer in crowd)
        {
            PeerReport told = await world.Peer(peer.Id).GetReport();
            Assert.Equal((0L, 0L, null), (told.Malformed, told.Rejected, told.BannedUntil));
        }
    }

    [Fact]
    public async Task Chain_and_peers_are_found_again_when_their_silo_is_killed()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("honest"));
        await KillHolderAsync(world, world.Chain);
        await KillHolderAsync(world, world.Peer("honest"));
        Assert.InRange(world.Silos.Services.Count, 1, 2);

        RangeReport report = await world.EndAsync(await world.PostAsync(First, 100));

        Assert.Equal(RangeState.Complete, report.State);
        await world.AssertHoldsAsync(First, 100);
    }

    [Fact]
    public async Task Replies_that_come_twice_and_late_change_nothing()
    {
        Echo echo = new();
        await using World world = await World.StartAsync(new WorldOptions { Services = services => services.AddSingleton<IOutgoingGrainCallFilter>(echo) });
        await world.AddAsync(ScriptedPeer.Honest("honest-1"), ScriptedPeer.Honest("honest-2"));

        string range = await world.PostAsync(First, Last);
        RangeReport report = await world.EndAsync(range);
        await echo.SaidAsync();

        Assert.Equal((RangeState.Complete, Last - First + 1), (report.State, report.Stored));
        Assert.True(echo.Count > 10, $"{echo.Count} replies came twice.");
        await world.AssertHoldsAsync(First, Last);
        Assert.Equal((long)(Last - First + 1), await world.Store.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(report.Stored, (await world.Range(range).GetReport()).Stored);
        await world.BudgetReturnsAsync();
    }

    private static async Task KillHolderAsync(World world, IAddressable grain)
    {
        // What the first one killed had may have died with it.
        InProcessTestCluster cluster = world.Silos.Cluster;
        if (!cluster.TryGetGrainContext(grain.GetGrainId(), out IGrainContext? context) || cluster.GetActiveSilos().Count() == 1) return;
        world.ExpectFaults();
        await cluster.KillSiloAsync(cluster.GetSiloForAddress(context.Address.SiloAddress!)!);
    }

    /// <summary>Says every reply to a range twice, the second time late and in any order.</summary>
    private sealed class Echo : IOutgoingGrainCallFilter
    {
        private static readonly AsyncLocal<bool> s_again = new();
        private readonly List<Task> _said = [];
        private readonly Lock _lock = new();

        public int Count
        {
            get
            {
                lock (_lock) return _said.Count;
            }
        }

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            await context.Invoke();
            if (s_again.Value || context.InterfaceMethod.DeclaringType != typeof(ISyncRangeGrain)) return;
            if (context.InterfaceMethod.Name is not (nameof(ISyncRangeGrain.Deliver) or nameof(ISyncRangeGrain.Acknowledge))) return;
            ISyncRangeGrain range = (ISyncRangeGrain)context.Grain;
            object? batch = context.Request.GetArgument(0);
            lock (_lock) _said.Add(SayAsync(range, batch, _said.Count));
        }

        public Task SaidAsync()
        {
            lock (_lock) return Task.WhenAll(_said);
        }

        private static async Task SayAsync(ISyncRangeGrain range, object? batch, int count)
        {
            s_again.Value = true;
            await Task.Delay(TimeSpan.FromMilliseconds(20 + (count * 37 % 200)));
            if (batch is ReplyBatch replies) await range.Deliver(replies);
            else if (batch is AckBatch acks) await range.Acknowledge(acks);
        }
    }
}
