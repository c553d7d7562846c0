using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Protocols.Ping;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using OpSync.Libp2p.Transport;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Swarms;

public sealed class SwarmDialTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(KeyType.Ed25519, KeyType.Secp256k1)]
    [InlineData(KeyType.Secp256k1, KeyType.Ed25519)]
    [InlineData(KeyType.Secp256k1, KeyType.Secp256k1)]
    public async Task Dial_connects_both_sides_with_proven_ids(KeyType dialer, KeyType listener)
    {
        await using Node a = await Node.StartAsync(keyType: dialer);
        await using Node b = await Node.StartAsync(keyType: listener);
        DialResult result = await a.DialAsync(b);
        Assert.True(result.IsConnected, result.Detail);
        Assert.Equal((b.Id, false, IPAddress.Loopback), (result.Connection.Peer, result.Connection.IsInbound, result.Connection.RemoteIp));
        Assert.True(a.Swarm.IsConnected(b.Id));

        await b.IdentifiedAsync(a.Id);
        ConnectionInfo inbound = Assert.Single(b.Swarm.Connections);
        Assert.Equal((a.Id, true), (inbound.Peer, inbound.IsInbound));
        Assert.Equal(inbound, Assert.Single(b.ConnectedTo));
        Assert.Equal(result.Connection, (await a.DialAsync(b)).Connection);   // no second connection
    }

    [Fact]
    public async Task Listen_addresses_have_the_real_port_and_our_id()
    {
        await using Node node = await Node.StartAsync();
        Multiaddr address = Assert.Single(node.Swarm.ListenAddresses);
        Assert.Equal((IPAddress.Loopback, node.Id), (address.IpAddress, address.PeerId));
        Assert.NotEqual(0, address.TcpPort);

        Assert.True(Multiaddr.TryParse("/ip4/0.0.0.0/tcp/0", out Multiaddr? any));
        await node.Swarm.ListenAsync(any, Ct);
        Assert.DoesNotContain(node.Swarm.ListenAddresses, a => a.IpAddress!.Equals(IPAddress.Any) || a.TcpPort == 0);
        Assert.True(node.Swarm.ListenAddresses.Count >= 2);
    }

    [Fact]
    public async Task Dial_of_another_id_than_answers_is_a_wrong_peer()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync(), c = await Node.StartAsync();
        DialResult result = await a.Swarm.DialAsync(c.Id, [b.Address.WithoutPeerId()], Ct);
        Assert.Equal(DialOutcome.WrongPeer, result.Outcome);
        Assert.Equal(DialOutcome.WrongPeer, (await a.Swarm.DialAsync(c.Id, [b.Address], Ct)).Outcome);
        Assert.Empty(a.Swarm.Connections);
    }

    [Fact]
    public async Task Dial_failures_are_named()
    {
        await using Node a = await Node.StartAsync();
        Assert.Equal(DialOutcome.SelfDial, (await a.DialAsync(a)).Outcome);
        Assert.Equal(DialOutcome.SelfDial, (await a.Swarm.DialAsync(null, [a.Address.WithoutPeerId()], Ct)).Outcome);

        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/1", out Multiaddr? nobody));
        Assert.Equal(DialOutcome.Unreachable, (await a.Swarm.DialAsync(null, [nobody], Ct)).Outcome);
        Assert.Equal(DialOutcome.Unreachable, (await a.Swarm.DialAsync(null, [], Ct)).Outcome);
        Assert.True(Multiaddr.TryParse("/dns4/no-such-host.invalid/tcp/1", out Multiaddr? unknown));
        Assert.Equal(DialOutcome.Unreachable, (await a.Swarm.DialAsync(null, [unknown], Ct)).Outcome);
    }

    [Fact]
    public async Task Dial_of_a_server_that_speaks_something_else_fails_in_security()
    {
        await using Node a = await Node.StartAsync();
        using TcpAcceptor web = new(new IPEndPoint(IPAddress.Loopback, 0), 1);
        ValueTask<DialResult> dial = a.Swarm.DialAsync(null, [Multiaddr.FromEndPoint(web.EndPoint)], Ct);
        using Socket accepted = await web.AcceptAsync(Ct);
        await accepted.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n and some more so that there is enough"u8.ToArray(), Ct);
        Assert.Equal(DialOutcome.SecurityFailed, (await dial).Outcome);
    }

    [Fact]
    public async Task Dial_of_a_silent_server_times_out_and_the_next_address_still_gets_its_turn()
    {
        FakeTime time = new();
        SwarmOptions options = new();
        await using Node a = await Node.StartAsync(options, time: time);
        await using Node b = await Node.StartAsync();
        using TcpAcceptor silent = new(new IPEndPoint(IPAddress.Loopback, 0), 4);
        var nobody = Multiaddr.FromEndPoint(silent.EndPoint);
        Task<DialResult> alone = a.Swarm.DialAsync(null, [nobody], Ct).AsTask();
        using Socket first = await silent.AcceptAsync(Ct);
        time.Advance(options.DialTimeout);
        Assert.Equal(DialOutcome.Timeout, (await alone).Outcome);

        Task<DialResult> either = a.Swarm.DialAsync(b.Id, [nobody, b.Address], Ct).AsTask();
        using Socket second = await silent.AcceptAsync(Ct);
        time.Advance(options.DialTimeout / 2);
        Assert.True((await either).IsConnected);
    }

    [Fact]
    public async Task Names_are_resolved()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        Assert.True(Multiaddr.TryParse($"/dns4/localhost/tcp/{b.Address.TcpPort}/p2p/{b.Id}", out Multiaddr? named));
        Assert.True((await a.Swarm.DialAsync(null, [named], Ct)).IsConnected);
        Assert.True(a.Swarm.IsConnected(b.Id));
    }

    [Fact]
    public async Task Dials_of_one_peer_at_a_time_are_joined()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        DialResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => a.DialAsync(b).AsTask()));
        Assert.All(results, r => Assert.True(r.IsConnected));
        Assert.Single(results.Select(static r => r.Connection!.Id).Distinct());
    }

    [Fact]
    public async Task Blocked_peers_and_networks_are_kept_out_in_both_directions()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        a.Swarm.Access.BlockPeer(b.Id, null);
        Assert.Equal(DialOutcome.Forbidden, (await a.DialAsync(b)).Outcome);

        // The other way the dialler sees a connection that ends at once: its id is known after the handshake only.
        if ((await b.DialAsync(a)).IsConnected)
            await b.GoneAsync(a.Id);
        Assert.Empty(a.Swarm.Connections);

        a.Swarm.Access.UnblockPeer(b.Id);
        a.Swarm.Access.BlockNetwork(IPNetwork.Parse("127.0.0.0/8"), null);
        DialOutcome outcome = (await b.DialAsync(a)).Outcome;
        Assert.Contains(outcome, new[] { DialOutcome.SecurityFailed, DialOutcome.Unreachable });
        Assert.Equal(DialOutcome.Forbidden, (await a.DialAsync(b)).Outcome);

        a.Swarm.Access.AllowPeer(b.Id);
        await a.ConnectAsync(b);
    }

    [Fact]
    public async Task Connections_that_a_new_rule_forbids_are_closed_and_others_stay()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync(), c = await Node.StartAsync();
        await a.ConnectAsync(b);
        await c.ConnectAsync(a);
        await a.IdentifiedAsync(c.Id);

        a.Swarm.Access.BlockPeer(b.Id, null);
        Assert.Equal("not allowed", await a.GoneAsync(b.Id));
        Assert.True(a.Swarm.IsConnected(c.Id));

        a.Swarm.Access.AllowOnly = true;
        Assert.Equal("not allowed", await a.GoneAsync(c.Id));
    }

    [Fact]
    public async Task Half_open_connections_of_one_address_are_limited_and_the_cheapest_refusal_comes_first()
    {
        await using Node a = await Node.StartAsync(Patient.Swarm with { HandshakesPerAddressMax = 3 });
        List<Socket> sockets = [];
        for (int i = 0; i < 3; i++)
            sockets.Add((await LetInAsync())!);
        Assert.All(sockets, Assert.NotNull);
        Assert.Null(await LetInAsync());

        sockets[0].Dispose();
        Socket? again;
        while ((again = await LetInAsync()) is null)   // the place is free once the swarm has seen the end
            await Task.Yield();
        sockets.Add(again);
        sockets.ForEach(static s => s.Dispose());

        // Null when the swarm closes the connection instead of greeting with the multistream header.
        async Task<Socket?> LetInAsync()
        {
            Socket? socket = null;
            try
            {
                socket = await ConnectAsync(a);
                if (await socket.ReceiveAsync(new byte[1], Ct) == 1)
                    return socket;
            }
            catch (SocketException)
            {
                // Reset before or after the system told of the connection.
            }
            socket?.Dispose();
            return null;
        }
    }

    [Fact]
    public async Task Inbound_connection_that_says_nothing_is_closed_at_the_upgrade_timeout()
    {
        FakeTime time = new();
        SwarmOptions options = new();
        await using Node a = await Node.StartAsync(options, time: time);
        using Socket silent = await ConnectAsync(a);
        byte[] greeting = new byte[64];
        Assert.NotEqual(0, await silent.ReceiveAsync(greeting, Ct));
        time.Advance(options.UpgradeTimeout);
        Assert.Equal(0, await silent.ReceiveAsync(greeting, Ct));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        SwarmOptions[] wrong =
        [
            new() { ConnectionsMax = 0 }, new() { BufferedBytesTotalMax = 1 }, new() { DialTimeout = TimeSpan.Zero },
            new() { Muxer = new YamuxOptions { ReceiveWindowMax = 1 } },
            new() { Muxer = new YamuxOptions { SilenceMax = TimeSpan.FromSeconds(30) } },
        ];
        string[] names = [.. wrong.Select(static o => Assert.Throws<ArgumentOutOfRangeException>(o.Validate).ParamName!)];
        Assert.Equal(["ConnectionsMax", "BufferedBytesTotalMax", "DialTimeout", "ReceiveWindowMax", "SilenceMax"], names);
        new SwarmOptions().Validate();
    }

    [Fact]
    public async Task Connections_are_limited_by_address_and_in_all()
    {
        await using Node byAddress = await Node.StartAsync(Patient.Swarm with { ConnectionsPerAddressMax = 1 });
        await using Node inAll = await Node.StartAsync(Patient.Swarm with { ConnectionsMax = 1 });
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        foreach (Node limited in new[] { byAddress, inAll })
        {
            await a.ConnectAsync(limited);
            await limited.IdentifiedAsync(a.Id);
            Assert.False((await b.DialAsync(limited)).IsConnected);
            Assert.Equal(a.Id, Assert.Single(limited.Swarm.Connections).Peer);
        }
        Assert.Equal(DialOutcome.LimitReached, (await inAll.DialAsync(b)).Outcome);
        Assert.True((await byAddress.DialAsync(b)).IsConnected);   // the address limit is for inbound ones
    }

    [Fact]
    public async Task Newer_connection_of_a_peer_takes_the_place_of_its_oldest()
    {
        await using Node a = await Node.StartAsync(Patient.Swarm with { ConnectionsPerPeerMax = 1 });
        using var identity = PeerIdentity.Create(KeyType.Ed25519);
        await using YamuxSession first = await UpgradeAsync(a, identity, inlineMuxer: true);
        await using (Libp2pStream stream = first.TryOpen()!)   // an answer shows that the connection is in
            Assert.True((await MultistreamSelect.DialAsync(stream, [PingProtocol.ProtocolId], Ct)).IsSelected);
        await using YamuxSession second = await UpgradeAsync(a, identity, inlineMuxer: true);
        YamuxEnd end = await first.Completion;
        Assert.Contains(end, new[] { YamuxEnd.RemoteClose, YamuxEnd.ChannelBroken });
        Assert.False(second.IsClosing);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Muxer_is_agreed_on_inside_noise_or_by_multistream(bool inlineMuxer)
    {
        await using Node a = await Node.StartAsync();
        a.Swarm.Handle("/hello/1", static async (request, ct) => await request.Stream.WriteAsync("hi"u8.ToArray(), ct));
        using var identity = PeerIdentity.Create(KeyType.Secp256k1);
        await using YamuxSession session = await UpgradeAsync(a, identity, inlineMuxer);
        await using Libp2pStream stream = session.TryOpen()!;
        Assert.True((await MultistreamSelect.DialAsync(stream, ["/hello/1"], Ct)).IsSelected);
        byte[] answer = new byte[2];
        await stream.ReadExactlyAsync(answer, Ct);
        Assert.Equal("hi"u8.ToArray(), answer);
    }

    [Fact]
    public async Task Disconnect_tells_both_sides_why()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        await a.ConnectAsync(b);
        await b.IdentifiedAsync(a.Id);
        a.Swarm.Disconnect(b.Id, "not wanted");
        Assert.Equal("not wanted", await a.GoneAsync(b.Id));
        await b.GoneAsync(a.Id);
        Assert.False(a.Swarm.IsConnected(b.Id) || b.Swarm.IsConnected(a.Id));
        await a.ConnectAsync(b);
    }

    private static async Task<Socket> ConnectAsync(Node node)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, node.Address.TcpPort!.Value), Ct);
        return socket;
    }

    private static async Task<YamuxSession> UpgradeAsync(Node node, PeerIdentity identity, bool inlineMuxer)
    {
        NetworkStream transport = new(await ConnectAsync(node), ownsSocket: true);
        Assert.True((await MultistreamSelect.DialAsync(transport, [NoiseUpgrade.ProtocolId], Ct)).IsSelected);
        NoiseResult noise = await NoiseUpgrade.DialAsync(
            transport, identity, node.Id, inlineMuxer ? [YamuxSession.ProtocolId] : [], Ct);
        Assert.Equal((NoiseVerdict.Ok, inlineMuxer), (noise.Verdict, noise.Muxer is not null));
        ISecureChannel channel = noise.Channel!;
        if (!inlineMuxer)
        {
            ChannelStream stream = new(channel);
            Assert.True((await MultistreamSelect.DialAsync(stream, [YamuxSession.ProtocolId], Ct)).IsSelected);
            channel = stream;
        }
        return YamuxSession.Start(channel, isDialer: true, new YamuxOptions(), null, TimeProvider.System);
    }
}
