using OpSync.Contracts.Cluster;
using OpSync.Grains.Tests.Kit;
using OpSync.Sync.Access;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>However many peers are banned, the record of the cluster is written at a bounded pace; what operators decide does not wait.
/// On an engine where what is sent in order arrives so.</summary>
public sealed class BanPaceTests : IAsyncLifetime
{
    private readonly FakeTime _time = new();
    private World _world = null!;
    private int _writes;

    private IClusterGrain Cluster => _world.Grains.GetCluster();

    public async ValueTask InitializeAsync() => _world = await World.StartAsync(
        new WorldOptions { Time = _time, Services = services => WatchedCluster.AddTo(services, onWrite: () => Interlocked.Increment(ref _writes)) });

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Storm_of_bans_is_written_once_in_a_period()
    {
        for (int peer = 0; peer < 500; peer++) await BanAsync(peer);

        await AssertAsync(writes: 1, bans: 1);   // the first at once

        _time.Advance(new AccessOptions().BanWritePeriod);
        await CountsAsync(500);
        Assert.Equal(2, _writes);

        _time.Advance(new AccessOptions().BanWritePeriod);
        await BanAsync(500);
        await AssertAsync(writes: 3, bans: 501);   // nothing was written for a period
    }

    [Fact]
    public async Task Storm_fills_no_memory_while_it_waits()
    {
        for (int peer = 0; peer < 1_026; peer++) await BanAsync(peer);

        await AssertAsync(writes: 2, bans: 1_024);   // the list is full, too
    }

    [Fact]
    public async Task Decision_of_an_operator_is_written_at_once_with_what_waits()
    {
        await BanAsync(1);
        await BanAsync(2);
        await BanAsync(3, byOperator: true);
        await AssertAsync(writes: 2, bans: 3);

        await BanAsync(3, byOperator: true);   // said again
        await BanAsync(4);
        await Cluster.PeerStanding(new PeerStandingNotice("peer 3", IsAway: false, null, [], ByOperator: false, 2));
        await AssertAsync(writes: 3, bans: 3);

        await BanAsync(5);
        await Cluster.PeerStanding(new PeerStandingNotice("peer 1", IsAway: false, null, [], ByOperator: false, 2));   // banned for longer
        await AssertAsync(writes: 4, bans: 3);

        await BanAsync(6);
        Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork("198.51.100.0/24", null));
        await AssertAsync(writes: 5, bans: 5);
    }

    [Fact]
    public async Task Ban_that_waits_is_written_when_the_grain_goes()
    {
        await BanAsync(1);
        await BanAsync(2);
        await AssertAsync(writes: 1, bans: 1);   // it has heard of both: a call that waits would go to the next activation

        await _world.Silos.DeactivateAsync(Cluster);

        await AssertAsync(writes: 2, bans: 2);
    }

    [Fact]
    public async Task Bans_that_ended_by_themselves_are_taken_out_at_the_same_pace()
    {
        for (int peer = 0; peer < 100; peer++) await BanAsync(peer);
        await AssertAsync(writes: 1, bans: 1);
        _time.Advance(new AccessOptions().BanWritePeriod);
        await CountsAsync(100);
        _time.Advance(TimeSpan.FromHours(1));
        for (int peer = 0; peer < 100; peer++) await Cluster.PeerStanding(new PeerStandingNotice($"peer {peer}", IsAway: false, null, [], ByOperator: false, 2));

        await AssertAsync(writes: 3, bans: 0);
    }

    private Task BanAsync(int peer, bool byOperator = false) =>
        Cluster.PeerStanding(new PeerStandingNotice($"peer {peer}", IsAway: true, _time.GetUtcNow() + TimeSpan.FromHours(1), [], byOperator, 1));

    private async Task AssertAsync(int writes, int bans)
    {
        int count = await CountAsync();   // and with that everything sent before has arrived
        Assert.Equal((writes, bans), (_writes, count));
    }

    private async Task<int> CountAsync() => (await Cluster.List()).Entries.Length;

    private Task CountsAsync(int count) => World.UntilAsync(async () => await CountAsync() == count, "The bans are not written.");
}
