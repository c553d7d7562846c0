using System.Net;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Swarms;

public sealed class AccessListTests
{
    private static readonly IPAddress s_here = IPAddress.Parse("10.1.2.3");
    private static readonly IPAddress s_elsewhere = IPAddress.Parse("192.0.2.1");

    private readonly FakeTime _time = new();
    private readonly PeerId _peer = NewPeer();
    private readonly PeerId _other = NewPeer();

    [Fact]
    public void Everybody_is_allowed_without_rules()
    {
        AccessList list = new(_time);
        Assert.True(list.IsAllowed(_peer, s_here));
        Assert.True(list.IsAllowed(null, IPAddress.IPv6Loopback));
        Assert.Empty(list.List());
    }

    [Fact]
    public void Blocked_peer_is_out_wherever_it_is_until_it_is_unblocked()
    {
        AccessList list = new(_time);
        Assert.True(list.BlockPeer(_peer, null));
        Assert.False(list.IsAllowed(_peer, s_here));
        Assert.False(list.IsAllowed(_peer, s_elsewhere));
        Assert.True(list.IsAllowed(_other, s_here));
        Assert.True(list.IsAllowed(null, s_here));   // asked again once the peer is known

        list.UnblockPeer(_peer);
        Assert.True(list.IsAllowed(_peer, s_here));
    }

    [Fact]
    public void Rule_is_found_by_exactly_what_it_is_about_and_while_it_holds()
    {
        AccessList list = new(_time);
        list.BlockPeer(_peer, _time.GetUtcNow() + TimeSpan.FromMinutes(1));
        list.BlockNetwork(IPNetwork.Parse("10.1.2.0/24"), null);
        list.AllowPeer(_other);

        Assert.True(list.HasBlock(_peer));
        Assert.False(list.HasBlock(_other));
        Assert.True(list.HasBlock(IPNetwork.Parse("10.1.2.0/24")));
        Assert.False(list.HasBlock(IPNetwork.Parse("10.1.2.0/25")));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(list.HasBlock(_peer));
    }

    [Theory]
    [InlineData("10.1.2.0/24", "10.1.2.255", true)]
    [InlineData("10.1.2.0/24", "10.1.3.0", false)]
    [InlineData("10.1.2.3/32", "10.1.2.3", true)]
    [InlineData("10.1.2.3/32", "10.1.2.2", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("10.1.2.0/24", "::ffff:10.1.2.9", true)]
    [InlineData("2001:db8:1::/48", "2001:db8:1:ffff::1", true)]
    [InlineData("2001:db8:1::/48", "2001:db8:2::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "10.1.2.3", false)]
    [InlineData("2001:db8::1/128", "2001:db8::1", true)]
    public void Block_of_a_network_covers_exactly_its_addresses(string network, string address, bool covered)
    {
        AccessList list = new(_time);
        list.BlockNetwork(IPNetwork.Parse(network), null);
        Assert.Equal(!covered, list.IsAllowed(null, IPAddress.Parse(address)));
        Assert.Equal(IPNetwork.Parse(network), Assert.Single(list.List()).Network);

        list.UnblockNetwork(IPNetwork.Parse(network));
        Assert.True(list.IsAllowed(null, IPAddress.Parse(address)));
    }

    [Fact]
    public void Rule_ends_at_its_time()
    {
        AccessList list = new(_time);
        DateTimeOffset until = _time.GetUtcNow() + TimeSpan.FromHours(1);
        list.BlockPeer(_peer, until);
        list.BlockNetwork(IPNetwork.Parse("10.0.0.0/8"), until + TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.False(list.IsAllowed(_peer, s_elsewhere));

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(list.IsAllowed(_peer, s_elsewhere));
        Assert.False(list.IsAllowed(_peer, s_here));
        Assert.Equal(IPNetwork.Parse("10.0.0.0/8"), Assert.Single(list.List()).Network);
    }

    [Fact]
    public void Allowed_beats_blocked_of_the_same_kind_and_a_peer_beats_its_network()
    {
        AccessList list = new(_time);
        list.BlockNetwork(IPNetwork.Parse("10.0.0.0/8"), null);
        list.AllowNetwork(IPNetwork.Parse("10.1.0.0/16"));
        Assert.True(list.IsAllowed(null, s_here));
        Assert.False(list.IsAllowed(null, IPAddress.Parse("10.2.0.1")));

        list.BlockPeer(_peer, null);
        Assert.False(list.IsAllowed(_peer, s_here));   // one liar in an allowed network
        list.AllowPeer(_peer);
        Assert.True(list.IsAllowed(_peer, IPAddress.Parse("10.2.0.1")));   // one friend in a blocked one

        list.DisallowPeer(_peer);
        list.DisallowNetwork(IPNetwork.Parse("10.1.0.0/16"));
        Assert.False(list.IsAllowed(_peer, s_here));
        Assert.False(list.IsAllowed(_other, s_here));
    }

    [Fact]
    public void Allow_only_lets_in_what_a_rule_allows_and_lets_strangers_say_who_they_are_where_a_peer_is_allowed()
    {
        AccessList list = new(_time) { AllowOnly = true };
        Assert.False(list.IsAllowed(null, s_here));
        list.AllowNetwork(IPNetwork.Parse("192.0.2.0/24"));
        Assert.True(list.IsAllowed(_other, s_elsewhere));
        Assert.False(list.IsAllowed(null, s_here));

        list.AllowPeer(_peer);
        Assert.True(list.IsAllowed(null, s_here));
        Assert.True(list.IsAllowed(_peer, s_here));
        Assert.False(list.IsAllowed(_other, s_here));
    }

    [Fact]
    public void Full_list_drops_ended_rules_then_the_one_that_ends_first_and_never_a_lasting_one()
    {
        AccessList list = new(_time, rulesMax: 3);
        DateTimeOffset now = _time.GetUtcNow();
        list.BlockPeer(_peer, null);
        list.BlockNetwork(IPNetwork.Parse("10.0.0.0/8"), now + TimeSpan.FromMinutes(1));
        list.BlockNetwork(IPNetwork.Parse("11.0.0.0/8"), now + TimeSpan.FromMinutes(2));
        Assert.False(list.BlockPeer(_other, now + TimeSpan.FromSeconds(1)));   // would be the first to go itself
        Assert.True(list.BlockPeer(_other, null));
        Assert.True(list.IsAllowed(null, s_here));

        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.True(list.AllowNetwork(IPNetwork.Parse("12.0.0.0/8")));
        Assert.False(list.BlockNetwork(IPNetwork.Parse("13.0.0.0/8"), now + TimeSpan.FromDays(1)));
        Assert.Equal(3, list.List().Length);
        Assert.True(list.BlockPeer(_peer, now + TimeSpan.FromDays(1)));   // a known rule is replaced, whatever the room
    }

    [Fact]
    public void Full_list_is_told_once_a_minute_however_many_rules_give_way()
    {
        Lines log = new();
        AccessList list = new(_time, rulesMax: 2, log);
        DateTimeOffset end = _time.GetUtcNow() + TimeSpan.FromDays(1);
        for (int i = 1; i <= 5; i++) list.BlockNetwork(IPNetwork.Parse($"10.{i}.0.0/16"), end);
        Assert.Single(log.Said);
        Assert.Contains("2 rules", log.Said[0], StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromMinutes(1));
        list.BlockNetwork(IPNetwork.Parse("10.6.0.0/16"), end);
        Assert.Equal(2, log.Said.Count);
    }

    [Fact]
    public void Rules_are_listed_with_their_ends()
    {
        AccessList list = new(_time);
        DateTimeOffset until = _time.GetUtcNow() + TimeSpan.FromHours(1);
        list.BlockPeer(_peer, until);
        list.AllowPeer(_other);
        Assert.Equal(
            [new AccessRule(AccessEffect.Block, _peer, null, until), new AccessRule(AccessEffect.Allow, _other, null, null)],
            list.List().OrderBy(static r => r.Effect));
    }

    private static PeerId NewPeer()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return identity.Id;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add(formatter(state, exception));
    }
}
