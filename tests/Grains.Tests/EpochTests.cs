using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>A frozen silo wakes up beside its successor: what its old activations still want is not done.</summary>
public sealed class EpochTests
{
    /// <summary>Longer than the quickest failure detection takes.</summary>
    private static readonly TimeSpan s_freeze = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task Peer_of_a_frozen_silo_is_not_asked_by_it_once_another_has_taken_over()
    {
        ShiftedTime time = new(new FakeTime());
        await using World old = await World.StartAsync(new WorldOptions { Time = time });
        ScriptedPeer peer = ScriptedPeer.Honest("peer").Held();
        await old.AddAsync(peer);
        Assert.Equal(1, (await old.Peer("peer").Fetch(KillTests.Order(1))).Taken);
        await UntilAskedAsync(old, 1);
        await using World successor = await old.StartBesideAsync();
        await World.UntilAsync(async () => (await successor.Peer("peer").GetReport()).Connected, "The successor is not connected.");
        Assert.Equal(1, (await successor.Peer("peer").Fetch(KillTests.Order(2))).Taken);
        await UntilAskedAsync(old, 2);

        time.Skip(s_freeze);
        FetchAnswer answer = await old.Peer("peer").Fetch(KillTests.Order(3));

        Assert.Equal((0, FetchRefusal.NotConnected), (answer.Taken, answer.Reason));
        await World.UntilAsync(() => Task.FromResult(peer.Open == 1), "What the old activation had asked goes on.");
        Assert.Equal([1UL, 2UL], old.Crowd.Log.Select(a => a.Number).Order());
        Assert.Equal(1, (await successor.Peer("peer").Fetch(KillTests.Order(4))).Taken);
    }

    [Fact]
    public async Task Silo_that_was_frozen_with_nobody_to_replace_it_goes_on()
    {
        ShiftedTime time = new(new FakeTime());
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        await world.AddAsync(ScriptedPeer.Honest("peer").Held());

        time.Skip(s_freeze);

        Assert.Equal(1, (await world.Peer("peer").Fetch(KillTests.Order(1))).Taken);
    }

    [Fact]
    public async Task Range_of_a_frozen_silo_asks_nothing_and_ends_once_another_has_taken_over()
    {
        FakeTime timers = new();
        ShiftedTime time = new(timers);
        await using World old = await World.StartAsync(new WorldOptions { Time = time });
        ScriptedPeer peer = ScriptedPeer.Honest("peer").Held();
        await old.AddAsync(peer);
        string range = await old.PostAsync(1, 400);
        int asked = new PeerPolicyOptions().InFlightStart;
        await UntilAskedAsync(old, asked);
        await using World successor = await old.StartBesideAsync(
            new WorldOptions { Peers = new PeerPolicyOptions { Rate = 5_000, Burst = 2_000, LearnsRate = false, InFlightStart = 16 } });
        await World.UntilAsync(
            () => Task.FromResult(old.Crowd.Log.Any(a => a.Range.Generation == 2)), "The successor asks nothing.");

        time.Skip(s_freeze);
        peer.LetGo();
        Assert.Equal(RangeState.Complete, (await successor.EndAsync(range)).State);
        await World.UntilAsync(
            async () =>
            {
                timers.Advance(TimeSpan.FromMilliseconds(100));
                return (await old.Range(range).GetReport()).State == RangeState.Complete;
            },
            "The old activation did not end.");

        Assert.Equal(asked, old.Crowd.Log.Count(a => a.Range.Generation == 1));
        await successor.AssertHoldsAsync(1, 400);
    }

    [Fact]
    public async Task Chain_is_heard_after_its_grain_came_up_where_the_clock_is_behind()
    {
        ShiftedTime time = new();
        await using World world = await World.StartAsync(new WorldOptions { Time = time });
        string range = await world.PostAsync(1, 20);
        await world.Silos.DeactivateAsync(world.Chain);
        time.SkipWall(-TimeSpan.FromHours(1));

        await world.AddAsync(ScriptedPeer.Honest("peer"));

        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);
    }

    [Fact]
    public async Task Word_of_a_link_that_another_activation_commands_is_not_taken()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(ScriptedPeer.Honest("peer"));

        Assert.Equal(1, await world.Peer("peer").LinkChanged(new LinkState(false, "far away", false, [], ""), epoch: 0));

        Assert.True((await world.Peer("peer").GetReport()).Connected);
    }

    [Fact]
    public void Links_obey_the_highest_epoch_they_heard_of()
    {
        PeerEpochs epochs = new();
        PeerKey peer = new("peer"), other = new("other");

        Assert.True(epochs.Hear(peer, 2));
        Assert.False(epochs.Hear(peer, 1));
        Assert.True(epochs.Hear(peer, 2));
        Assert.True(epochs.Hear(other, 1));
        Assert.True(epochs.Hear(peer, 3));
        Assert.Equal((3L, 1L, 0L), (epochs.Of(peer), epochs.Of(other), epochs.Of(new PeerKey("unknown"))));
    }

    [Fact]
    public void Epochs_are_remembered_of_a_bounded_number_of_peers()
    {
        PeerEpochs epochs = new();
        for (int i = 0; i <= PeerEpochs.PeersMax; i++) epochs.Hear(new PeerKey($"{i}"), 5);

        Assert.Equal((0L, 5L, 5L), (epochs.Of(new PeerKey("0")), epochs.Of(new PeerKey("1")), epochs.Of(new PeerKey($"{PeerEpochs.PeersMax}"))));
    }

    private static Task UntilAskedAsync(World world, int count) =>
        World.UntilAsync(() => Task.FromResult(world.Crowd.Log.Length == count), "What was taken is not asked.");
}
