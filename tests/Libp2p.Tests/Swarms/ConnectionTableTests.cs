using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Swarms;

/// <summary>Who is let in, who has to give way, and who never has to.</summary>
public sealed class ConnectionTableTests : IAsyncDisposable
{
    private readonly YamuxHarness _harness = new();
    private readonly List<Socket> _sockets = [];
    private long _ids;

    public ValueTask DisposeAsync()
    {
        _sockets.ForEach(static s => s.Dispose());
        return _harness.DisposeAsync();
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2", "ConnectionsPerSubnetMax")]
    [InlineData("10.0.0.1", "10.0.0.1", "ConnectionsPerAddressMax")]
    [InlineData("10.0.0.1", "10.0.1.1", null)]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:1:ffff::", "ConnectionsPerAddressMax")]
    [InlineData("2001:db8:1:1::1", "2001:db8:1:2::1", "ConnectionsPerSubnetMax")]
    [InlineData("2001:db8:1:1::1", "2001:db8:2:1::1", null)]
    public void Host_and_subnet_have_limits_of_their_own(string first, string second, string? limit)
    {
        ConnectionTable table = Table(new SwarmOptions { ConnectionsPerAddressMax = 2, ConnectionsPerSubnetMax = 3 });
        foreach (int _ in Enumerable.Range(0, 2)) Assert.Null(Admit(table, first).Refusal);
        string? third = Admit(table, second).Refusal;
        if (third is null && limit is not null) third = Admit(table, second).Refusal;
        Assert.Equal(limit, third);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", "HandshakesPerAddressMax")]
    [InlineData("10.0.0.1", "10.0.0.2", "HandshakesPerSubnetMax")]
    public void Handshakes_of_a_host_and_a_subnet_are_limited_until_they_end(string first, string second, string limit)
    {
        ConnectionTable table = Table(new SwarmOptions { HandshakesPerAddressMax = 1, HandshakesPerSubnetMax = 1 + (first == second ? 1 : 0) });
        Handshake open = Admit(table, first).Handshake!;
        Assert.Equal(limit, Admit(table, second).Refusal);
        table.EndHandshake(open, succeeded: false);
        Assert.Null(Admit(table, second).Refusal);
    }

    [Fact]
    public void Half_open_crowd_cannot_keep_the_door_beyond_the_grace()
    {
        ConnectionTable table = Table(new SwarmOptions { HandshakesMax = 2 });
        Handshake oldest = Admit(table, "10.0.0.1").Handshake!;
        Admit(table, "10.0.1.1");
        Assert.Equal("HandshakesMax", Admit(table, "10.0.2.1").Refusal);

        _harness.Time.Advance(new SwarmOptions().HandshakeGrace);
        Admission late = Admit(table, "10.0.2.1");
        Assert.Same(oldest, late.Displaced);
        table.EndHandshake(oldest, succeeded: false);   // its task ends later and frees nothing twice
        Admission next = Admit(table, "10.0.3.1");
        Assert.NotNull(next.Displaced);
        Assert.Equal("HandshakesMax", Admit(table, "10.0.4.1").Refusal);
    }

    [Fact]
    public void Handshakes_are_limited_by_rate_for_a_subnet_and_in_all()
    {
        ConnectionTable table = Table(new SwarmOptions
        {
            HandshakeBurstPerSubnet = 2,
            HandshakeRatePerSubnet = 1,
            HandshakeBurst = 3,
            HandshakeRate = 1,
        });
        Assert.Equal([null, null, "HandshakeRatePerSubnet"], Enumerable.Range(1, 3).Select(i => Churn(table, $"10.0.0.{i}")));
        Assert.Equal([null, "HandshakeRate"], Enumerable.Range(1, 2).Select(i => Churn(table, $"10.0.{i}.1")));
        _harness.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(Churn(table, "10.0.0.1"));

        string? Churn(ConnectionTable table, string address)
        {
            Admission admission = Admit(table, address);
            if (admission.Handshake is { } handshake) table.EndHandshake(handshake, succeeded: false);
            return admission.Refusal;
        }
    }

    [Fact]
    public void Newcomer_takes_the_place_of_an_idle_one_from_the_largest_crowd_and_never_of_a_protected_or_used_one()
    {
        ConnectionTable table = Table(new SwarmOptions { InboundConnectionsMax = 4 });
        Connection friend = Connect(table, "10.0.0.1")!, used = Connect(table, "10.0.0.2")!;
        Connection crowd = Connect(table, "10.0.0.3")!, lone = Connect(table, "10.0.1.1")!;
        table.Protect(friend.Info.Peer, true);
        used.CountUse(1);
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.2.1").Refusal);   // none has been idle for a moment: refused unread

        _harness.Time.Advance(new SwarmOptions().CrowdGrace);
        Assert.NotNull(Connect(table, "10.0.2.1", crowd));
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.3.1").Refusal);   // no crowd is larger than its own, and idle
        _harness.Time.Advance(new SwarmOptions().IdleGrace);
        Assert.NotNull(Connect(table, "10.0.3.1", lone));

        table.Remove(used);   // a place that is free is taken before anybody has to go
        Assert.NotNull(Connect(table, "10.0.2.4", null));
        Assert.Equal(4, table.Measure().Single(static u => u.Limit == "InboundConnectionsMax").Used);
    }

    [Fact]
    public void Crowd_that_is_never_idle_cannot_keep_a_small_one_out()
    {
        ConnectionTable table = Table(new SwarmOptions { InboundConnectionsMax = 64 });
        Connection[] crowd = [.. Enumerable.Range(1, 8).Select(i => Connect(table, $"10.0.0.{i % 4}")!)];
        Connection[] few = [.. Enumerable.Range(0, 56).Select(i => Connect(table, $"10.1.{i / 4}.1")!)];
        foreach (Connection connection in crowd.Concat(few)) connection.CountUse(1);
        table.Protect(crowd[7].Info.Peer, true);

        _harness.Time.Advance(new SwarmOptions().IdleGrace);
        Connection first = Connect(table, "10.0.2.1", crowd[0])!;
        first.CountUse(1);
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.2.2").Refusal);   // seven are not four times as many as two
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.0.99").Refusal);
        foreach (int i in Enumerable.Range(1, 3)) Connect(table, $"10.0.{2 + i}.1", crowd[i])!.CountUse(1);
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.6.1").Refusal);   // four are no large part of all
    }

    [Fact]
    public void Crowd_that_comes_again_and_again_puts_out_its_own_and_never_who_came_alone()
    {
        ConnectionTable table = Table(new SwarmOptions { InboundConnectionsMax = 4 });
        Connection lone = Connect(table, "10.0.1.1")!;
        Queue<Connection> crowd = new(Enumerable.Range(1, 3).Select(i => Connect(table, $"10.0.0.{i}")!));
        Assert.Equal("InboundConnectionsMax", Admit(table, "10.0.0.99").Refusal);
        for (int i = 4; i < 20; i++)
        {
            _harness.Time.Advance(new SwarmOptions().IdleGrace);
            crowd.Enqueue(Connect(table, $"10.0.0.{i}", crowd.Dequeue())!);
        }

        _harness.Time.Advance(new SwarmOptions().CrowdGrace);
        Assert.NotNull(Connect(table, "10.0.2.1", crowd.Dequeue()));
        Assert.Equal([lone], table.Snapshot(lone.Info.Peer));
    }

    [Fact]
    public void Peer_that_dials_again_and_again_takes_one_place_even_while_its_former_connections_are_closing()
    {
        ConnectionTable table = Table(new SwarmOptions { ConnectionsPerPeerMax = 1 });
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        Connection?[] replaced = new Connection?[3];
        Connection[] dialled = [.. replaced.Select(_ => Inbound(identity.Id, "10.0.0.1"))];
        for (int i = 0; i < dialled.Length; i++) Assert.True(table.TryAdd(dialled[i], out replaced[i]));

        Assert.Equal([null, dialled[0], dialled[1]], replaced);
        Assert.Equal(1, table.Measure().Single(static u => u.Limit == "InboundConnectionsMax").Used);
    }

    [Fact]
    public void Streams_are_shared_so_that_the_next_subnet_and_the_next_host_always_get_some()
    {
        FairShares shares = new(2_048);
        IPAddress[] greedy = [.. Enumerable.Range(0, 200).Select(static i => new IPAddress([10, 0, (byte)i, 1]))];
        int first = Take(greedy[0]);
        Assert.InRange(first, 128, 256);
        Assert.InRange(Take(new IPAddress([10, 0, 0, 2])), 16, first);   // a neighbour of a greedy host
        int[] taken = [first, .. greedy[1..].Select(Take)];
        Assert.All(taken, static n => Assert.InRange(n, 1, 256));
        Assert.True(shares.TryTake(IPAddress.Parse("192.0.2.1"), 1));

        for (int i = 0; i < taken[1]; i++) shares.Return(greedy[1], 1);
        Assert.True(Take(greedy[1]) > 0);

        int Take(IPAddress address)
        {
            int count = 0;
            while (shares.TryTake(address, 1)) count++;
            return count;
        }
    }

    private ConnectionTable Table(SwarmOptions options) => new(options, _harness.Time);

    private Admission Admit(ConnectionTable table, string address)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(socket);
        return table.Admit(socket, IPAddress.Parse(address));
    }

    /// <summary>Lets a peer in and finishes its handshake; null when there is no place.</summary>
    private Connection? Connect(ConnectionTable table, string address, Connection? expectedToGo = null)
    {
        Handshake handshake = Admit(table, address).Handshake!;
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        Connection connection = Inbound(identity.Id, address);
        bool added = table.TryAdd(connection, out Connection? replaced);
        table.EndHandshake(handshake, added);
        Assert.Same(expectedToGo, replaced);
        if (replaced is not null) table.Remove(replaced);
        return added ? connection : null;
    }

    private Connection Inbound(PeerId peer, string address)
    {
        IPAddress ip = IPAddress.Parse(address);
        ConnectionInfo info = new(++_ids, peer, Multiaddr.FromEndPoint(new IPEndPoint(ip, 1)), ip, IsInbound: true, _harness.Time.GetUtcNow());
        return new Connection(info, _harness.Scripted().Session, _harness.Time);
    }
}
