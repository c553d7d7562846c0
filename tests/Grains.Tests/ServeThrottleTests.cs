using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Silo.Serving;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What each asker is granted, and that none of them can take it from another.</summary>
public sealed class ServeThrottleTests
{
    private static readonly IPAddress s_here = IPAddress.Loopback;

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

        for (int i = 0; i < 100; i++) Assert.NotNull(throttle.Admit(_peers[0], s_here).Refusal);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new ServeAdmission(null, TimeSpan.FromSeconds(8)), throttle.Admit(_peers[0], s_here));
        Assert.NotNull(throttle.Admit(_peers[0], s_here).Refusal);
    }

    [Fact]
    public void All_peers_together_share_one_bucket()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 100, PeerBurst = 100, TotalRate = 2, TotalBurst = 4, CrowdedWait = TimeSpan.FromSeconds(8) }, _time);
        Assert.Equal([0, 0, 0], Ask(throttle, _peers[0], 3));

        Assert.Equal([0, 500, 1_000], Ask(throttle, _peers[1], 3));
        Assert.Equal([1_500], Ask(throttle, _peers[0], 1));
    }

    [Fact]
    public void Refusal_for_the_common_bucket_leaves_the_peers_own_untouched()
    {
        ServeThrottle throttle = new(
            new ServeOptions { PeerRate = 1, PeerBurst = 2, TotalRate = 1, TotalBurst = 1, ThrottleMax = TimeSpan.FromSeconds(1), CrowdedWait = TimeSpan.FromSeconds(1) }, _time);
        Assert.Equal([0, 1_000], Ask(throttle, _peers[0], 2));
        for (int i = 0; i < 10; i++) Assert.NotNull(throttle.Admit(_peers[1], s_here).Refusal);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([0, 1_000], Ask(throttle, _peers[1], 2));
    }

    [Fact]
    public void Waiting_requests_are_bounded_until_a_wait_ends()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 1, PeerBurst = 1, WaitingMax = 2 }, _time);
        Assert.Equal([0, 1_000, 2_000], Ask(throttle, _peers[0], 3));

        Assert.NotNull(throttle.Admit(_peers[0], s_here).Refusal);
        Assert.Equal(new ServeAdmission(null, TimeSpan.Zero), throttle.Admit(_peers[1], s_here));   // who need not wait is no burden
        throttle.WaitEnded(s_here);

        Assert.Equal(new ServeAdmission(null, TimeSpan.FromSeconds(3)), throttle.Admit(_peers[0], s_here));
    }

    [Fact]
    public void Peer_idle_longest_is_forgotten_first()
    {
        ServeThrottle throttle = new(new ServeOptions { PeerRate = 0.1, PeerBurst = 1, PeersMax = 3 }, _time);
        for (int i = 0; i < 3; i++) Assert.Equal([0], Ask(throttle, _peers[i], 1));
        Assert.NotNull(throttle.Admit(_peers[0], s_here).Refusal);   // refused, and yet it shows that the peer is there

        Assert.Equal([0], Ask(throttle, _peers[3], 1));

        Assert.NotNull(throttle.Admit(_peers[0], s_here).Refusal);
        Assert.NotNull(throttle.Admit(_peers[2], s_here).Refusal);
        Assert.Equal([0], Ask(throttle, _peers[1], 1));
    }

    [Fact]
    public void Identities_of_one_host_share_a_bucket_and_hosts_of_one_subnet_another()
    {
        ServeThrottle throttle = new(
            new ServeOptions { PeerRate = 1, PeerBurst = 1, HostFactor = 2, SubnetFactor = 3, ThrottleMax = TimeSpan.Zero }, _time);
        Assert.Equal([null, null, "HostFactor", "HostFactor"], Enumerable.Range(0, 4).Select(_ => throttle.Admit(NewPeer(), s_here).Refusal));

        IPAddress neighbour = IPAddress.Parse("127.0.0.2"), stranger = IPAddress.Parse("127.0.1.1");
        Assert.Equal([null, "SubnetFactor"], Enumerable.Range(0, 2).Select(_ => throttle.Admit(NewPeer(), neighbour).Refusal));
        Assert.Null(throttle.Admit(NewPeer(), stranger).Refusal);
    }

    [Fact]
    public void Newcomer_waits_little_however_many_greedy_ones_fill_the_common_bucket()
    {
        ServeOptions options = new() { TotalRate = 100, TotalBurst = 1 };
        ServeThrottle throttle = new(options, _time);
        IPAddress[] greedy = [.. Enumerable.Range(0, 20).Select(static i => new IPAddress([10, 0, (byte)i, 1]))];
        Dictionary<string, int> refusals = [];
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < greedy.Length; i++)
            {
                string refusal = throttle.Admit(NewPeer(), greedy[i]).Refusal ?? "";
                refusals[refusal] = refusals.GetValueOrDefault(refusal) + 1;
            }
        }

        Assert.InRange(refusals["CrowdedWait"], 300, 400);
        ServeAdmission late = throttle.Admit(_peers[0], s_here);
        Assert.Null(late.Refusal);
        Assert.InRange(late.Wait, options.CrowdedWait, TimeSpan.FromMilliseconds(750));
        Assert.Equal("CrowdedWait", throttle.Admit(_peers[0], s_here).Refusal);
    }

    private static int?[] Ask(ServeThrottle throttle, PeerId peer, int times) =>
        [.. Enumerable.Range(0, times).Select(_ => throttle.Admit(peer, s_here)).Select(a => a.Refusal is null ? (int?)a.Wait.TotalMilliseconds : null)];

    private static PeerId NewPeer()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return identity.Id;
    }
}
