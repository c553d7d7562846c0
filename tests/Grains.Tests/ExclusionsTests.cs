using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Banned peers are kept out by their id and by where they came from, and nobody else is.</summary>
public sealed class ExclusionsTests
{
    private static readonly IPAddress s_public = IPAddress.Parse("198.51.100.7");
    private static readonly Func<IPAddress, bool> s_nobody = _ => false;
    private readonly FakeTime _time = new();
    private readonly AccessList _access;
    private readonly Exclusions _exclusions;
    private readonly PeerId _liar = NewId(), _other = NewId();

    public ExclusionsTests()
    {
        _access = new AccessList(_time);
        _exclusions = new Exclusions(_access);
    }

    [Fact]
    public void Peer_and_its_public_address_are_closed_until_the_end()
    {
        IReadOnlyList<IPAddress> closed = _exclusions.Exclude(_liar, _time.GetUtcNow() + TimeSpan.FromHours(1), [s_public.MapToIPv6()], s_nobody);

        Assert.Equal([s_public], closed);
        Assert.False(_access.IsAllowed(null, s_public));
        Assert.False(_access.IsAllowed(_liar, IPAddress.Parse("203.0.113.1")));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_access.IsAllowed(_liar, s_public));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.9.9")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.1.1")]
    [InlineData("::1")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:10.0.0.1")]
    public void Address_that_may_stand_for_many_stays_open(string address)
    {
        Assert.Empty(_exclusions.Exclude(_liar, null, [IPAddress.Parse(address)], s_nobody));
        Assert.True(_access.IsAllowed(null, IPAddress.Parse(address)));
        Assert.False(_access.IsAllowed(_liar, IPAddress.Parse(address)));
    }

    [Fact]
    public void Address_of_a_wanted_peer_stays_open_or_is_opened_again()
    {
        Assert.Empty(_exclusions.Exclude(_liar, null, [s_public], s_public.Equals));
        Assert.True(_access.IsAllowed(_other, s_public));

        _exclusions.Exclude(_liar, null, [s_public], s_nobody);
        Assert.False(_access.IsAllowed(_other, s_public));
        _exclusions.Spare(s_public);
        Assert.True(_access.IsAllowed(_other, s_public));
        Assert.False(_access.IsAllowed(_liar, s_public));
    }

    [Fact]
    public void Address_of_two_liars_is_open_when_both_are_readmitted()
    {
        _exclusions.Exclude(_liar, _time.GetUtcNow() + TimeSpan.FromHours(2), [s_public], s_nobody);
        _exclusions.Exclude(_other, _time.GetUtcNow() + TimeSpan.FromHours(1), [s_public], s_nobody);
        _exclusions.Readmit(_liar);
        Assert.False(_access.IsAllowed(null, s_public));
        _exclusions.Readmit(_other);
        Assert.True(_access.IsAllowed(_other, s_public));
        Assert.Empty(_access.List());
    }

    [Fact]
    public void What_the_operator_closed_stays_closed_when_bans_end_and_wanted_peers_come()
    {
        IPNetwork network = new(s_public, 32);
        _access.BlockPeer(_liar, null);
        _access.BlockNetwork(network, null);

        _exclusions.Spare(s_public);
        _exclusions.Exclude(_liar, _time.GetUtcNow() + TimeSpan.FromHours(1), [s_public], s_nobody);
        _exclusions.Readmit(_liar);
        _time.Advance(TimeSpan.FromHours(2));

        Assert.False(_access.IsAllowed(null, s_public));
        Assert.False(_access.IsAllowed(_liar, IPAddress.Parse("203.0.113.1")));
        Assert.Equal(2, _access.List().Length);
    }

    [Fact]
    public void Address_that_is_blocked_and_banned_is_closed_for_as_long_as_either_says()
    {
        IPNetwork address = new(s_public, 32);
        _exclusions.Exclude(_liar, _time.GetUtcNow() + TimeSpan.FromHours(1), [s_public], s_nobody);
        _exclusions.Block(address, null);
        _exclusions.Spare(s_public);
        _exclusions.Readmit(_liar);
        Assert.False(_access.IsAllowed(null, s_public));

        _exclusions.Exclude(_liar, _time.GetUtcNow() + TimeSpan.FromHours(1), [s_public], s_nobody);
        _exclusions.Unblock(address);
        Assert.False(_access.IsAllowed(null, s_public));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_access.IsAllowed(_liar, s_public));
        _exclusions.DropEnded(_time.GetUtcNow());

        _exclusions.Block(new IPNetwork(IPAddress.Parse("198.51.100.0"), 24), _time.GetUtcNow() + TimeSpan.FromHours(1));
        Assert.False(_access.IsAllowed(_other, s_public));
        _access.AllowPeer(_other);
        Assert.True(_access.IsAllowed(_other, s_public));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_access.IsAllowed(null, s_public));
    }

    [Fact]
    public async Task Banned_peer_is_hung_up_on_and_cannot_come_back()
    {
        using PeerIdentity ours = PeerIdentity.Create(KeyType.Ed25519), theirs = PeerIdentity.Create(KeyType.Ed25519);
        AccessList access = new(TimeProvider.System);
        SwarmHolder holder = new();
        PeerLinks links = new(
            holder, new ChainRegistry([]), null!, new Exclusions(access), new PeerEpochs(), new OwnPeers(), null!, null!, Options.Create(new PeerLinkOptions()), TimeProvider.System,
            NullLogger<PeerLinks>.Instance);
        await using Swarm swarm = new(new SwarmOptions(), ours, NullLogger.Instance, TimeProvider.System, links, access);
        await using Swarm liar = new(new SwarmOptions(), theirs, NullLogger.Instance, TimeProvider.System);
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? anyPort));
        await swarm.ListenAsync(anyPort, TestContext.Current.CancellationToken);
        holder.Set(swarm);
        Assert.True((await DialAsync()).IsConnected);

        PeerKey key = new(theirs.Id.ToString());
        Assert.Empty(links.KeepOut(key, null, []));

        await Kit.World.UntilAsync(() => Task.FromResult(!swarm.IsConnected(theirs.Id)), "It is still connected.");
        await Kit.World.UntilAsync(() => Task.FromResult(!liar.IsConnected(ours.Id)), "It does not notice.");
        await DialAsync();   // the handshake may be over for the one who dials before the other hangs up
        Assert.False(swarm.IsConnected(theirs.Id));
        Assert.Equal(["198.51.100.7"], links.KeepOut(key, null, ["198.51.100.7", "127.0.0.1", "junk"]));
        Assert.False(access.IsAllowed(null, s_public));

        links.Readmit(key);
        await Kit.World.UntilAsync(async () => (await DialAsync()).IsConnected && swarm.IsConnected(theirs.Id), "It cannot come back.");

        ValueTask<DialResult> DialAsync() => liar.DialAsync(ours.Id, swarm.ListenAddresses, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7/32")]
    [InlineData("198.51.100.0/24", "198.51.100.0/24")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("nobody", null)]
    [InlineData("", null)]
    public void Entry_of_a_list_is_an_address_or_a_network(string text, string? network)
    {
        Assert.Equal(network is not null, AccessEntry.TryParse(text, out AccessEntry? entry));
        Assert.Equal(network, entry?.Network?.ToString());
        Assert.True(AccessEntry.TryParse(_liar.ToString(), out entry));
        Assert.Equal(_liar, entry.Peer);
    }

    private static PeerId NewId()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return identity.Id;
    }
}
