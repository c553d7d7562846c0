using OpSync.Libp2p.Identity;
using OpSync.Silo.Serving;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What each asker is granted, and that none of them can take it from another.</summary>
public sealed class ServeThrottleTests
{
    private readonly FakeTime _time = new();
    private readonly PeerId[] _peers = [.. Enumerable.Range(0, 4).Select(_ => NewPeer())];

    [Fact]
    public void Peer_is_granted_its_burst_at_once_and_its_rate_afterwards()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 4, PeerBurst = 3 }, _time);

        Assert.Equal([0, 0, 0, 250, 500], Ask(throttle, _peers[0], 5));

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([0, 0, 0, 250], Ask(throttle, _peers[0], 4));
    }

    [Fact]
    public void Throttling_of_one_peer_does_not_touch_another()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 1, PeerBurst = 2 }, _time);
        Assert.Equal([0, 0, 1_000, 2_000, 3_000], Ask(throttle, _peers[0], 5));

        Assert.Equal([0, 0, 1_000], Ask(throttle, _peers[1], 3));
    }

    [Fact]
    public void Request_that_would_wait_too_long_is_refused_and_costs_nothing()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 1, PeerBurst = 1 }, _time);
        Assert.Equal([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000], Ask(throttle, _peers[0], 9));

        for (int i = 0; i < 100; i++) Assert.Null(throttle.Admit(_peers[0]));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(8), throttle.Admit(_peers[0]));
        Assert.Null(throttle.Admit(_peers[0]));
    }

    [Fact]
    public void All_peers_together_share_one_bucket()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 100, PeerBurst = 100, TotalRate = 2, TotalBurst = 4 }, _time);
        Assert.Equal([0, 0, 0], Ask(throttle, _peers[0], 3));

        Assert.Equal([0, 500, 1_000], Ask(throttle, _peers[1], 3));
        Assert.Equal([1_500], Ask(throttle, _peers[0], 1));
    }

    [Fact]
    public void Refusal_for_the_common_bucket_leaves_the_peers_own_untouched()
    {
        ServeThrottle throttle = new(
            new ServeOptions { PeerRate = 1, PeerBurst = 2, TotalRate = 1, TotalBurst = 1, ThrottleMax = TimeSpan.FromSeconds(1) }, _time);
        Assert.Equal([0, 1_000], Ask(throttle, _peers[0], 2));
        for (int i = 0; i < 10; i++) Assert.Null(throttle.Admit(_peers[1]));

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([0, 1_000], Ask(throttle, _peers[1], 2));
    }

    [Fact]
    public void Waiting_requests_are_bounded_until_a_wait_ends()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 1, PeerBurst = 1, WaitingMax = 2 }, _time);
        Assert.Equal([0, 1_000, 2_000], Ask(throttle, _peers[0], 3));

        Assert.Null(throttle.Admit(_peers[0]));
        Assert.Equal(TimeSpan.Zero, throttle.Admit(_peers[1]));   // who need not wait is no burden
        throttle.WaitEnded();

        Assert.Equal(TimeSpan.FromSeconds(3), throttle.Admit(_peers[0]));
    }

    [Fact]
    public void Peer_idle_longest_is_forgotten_first()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 0.1, PeerBurst = 1, PeersMax = 3 }, _time);
        for (int i = 0; i < 3; i++) Assert.Equal([0], Ask(throttle, _peers[i], 1));
        Assert.Null(throttle.Admit(_peers[0]));   // refused, and yet it shows that the peer is there

        Assert.Equal([0], Ask(throttle, _peers[3], 1));

        Assert.Null(throttle.Admit(_peers[0]));
        Assert.Null(throttle.Admit(_peers[2]));
        Assert.Equal([0], Ask(throttle, _peers[1], 1));
    }

    private static int?[] Ask(ServeThrottle throttle, PeerId peer, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => (int?)throttle.Admit(peer)?.TotalMilliseconds)];

    private static PeerId NewPeer()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return identity.Id;
    }
}
