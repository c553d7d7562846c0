using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Protocols;

public sealed class IdentifyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_sides_learn_who_is_there_after_connecting()
    {
        await using Node a = await Node.StartAsync(Patient.Swarm with { AgentVersion = "test/1" }, KeyType.Secp256k1);
        await using Node b = await Node.StartAsync();
        a.Swarm.Handle("/extra/1", static (_, _) => default);
        await b.ConnectAsync(a);

        IdentifyInfo seen = await b.IdentifiedAsync(a.Id);
        Assert.Equal("test/1", seen.AgentVersion);
        Assert.Equal("ipfs/0.1.0", seen.ProtocolVersion);
        Assert.Equal(["/extra/1", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"], seen.Protocols.Order());
        Assert.Equal(a.Address.WithoutPeerId(), Assert.Single(seen.ListenAddresses));
        Assert.Equal(b.Address.IpAddress, seen.ObservedAddress!.IpAddress);

        IdentifyInfo back = await a.IdentifiedAsync(b.Id);
        Assert.Equal("opsync/0.1.0", back.AgentVersion);
        Assert.Equal(a.Address.WithoutPeerId(), back.ObservedAddress);   // dialled, so seen as it was dialled
    }

    [Fact]
    public async Task Peer_that_asks_again_and_again_is_reset()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        await b.ConnectAsync(a);
        await b.IdentifiedAsync(a.Id);
        int answered = 1;
        while (await AskAsync())
            Assert.True(++answered < 1_000, "identify is not limited");
        Assert.True(answered >= 8);

        // True when the other side answered, false when it reset the stream.
        async Task<bool> AskAsync()
        {
            OpenResult open = await b.Swarm.OpenStreamAsync(a.Id, [IdentifyService.ProtocolId], Ct);
            Assert.True(open.IsOpened);
            await using (open.Stream)
            {
                try
                {
                    await open.Stream.CloseWriteAsync(Ct);
                    return await open.Stream.ReadAsync(new byte[1], Ct) == 1;
                }
                catch (IOException)
                {
                    return false;
                }
            }
        }
    }

    [Fact]
    public async Task Own_addresses_are_looked_up_again_only_after_a_while_and_when_a_listener_is_new()
    {
        FakeTime time = new();
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        await using Swarm swarm = new(new SwarmOptions(), identity, NullLogger.Instance, time);
        Assert.True(Multiaddr.TryParse("/ip4/0.0.0.0/tcp/0", out Multiaddr? all));
        Assert.Empty(swarm.ListenAddresses);
        await swarm.ListenAsync(all, Ct);
        IReadOnlyList<Multiaddr> seen = swarm.ListenAddresses;
        Assert.NotEmpty(seen);
        Assert.Same(seen, swarm.ListenAddresses);

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotSame(seen, swarm.ListenAddresses);
    }

    [Fact]
    public async Task Push_replaces_what_is_known_and_too_many_are_reset()
    {
        await using Node a = await Node.StartAsync(), b = await Node.StartAsync();
        await b.ConnectAsync(a);
        await a.IdentifiedAsync(b.Id);
        for (int i = 0; i < 8; i++)
        {
            Assert.True(await PushAsync(new IdentifyInfo { AgentVersion = $"news {i}", Protocols = ["/new/1"] }));
            Assert.Equal($"news {i}", (await a.NewsAsync()).AgentVersion);
        }
        Assert.Equal("/new/1", a.Swarm.Find(b.Id, a.Swarm.Connections[0].Id)!.FirstSpoken(["/old/1", "/new/1"]));

        int sent = 0;
        while (await PushAsync(new IdentifyInfo { AgentVersion = "more" }))
            Assert.True(++sent < 1_000, "pushes are not limited");

        // True when the other side read it to the end, false when it reset the stream.
        async Task<bool> PushAsync(IdentifyInfo info)
        {
            OpenResult open = await b.Swarm.OpenStreamAsync(a.Id, [IdentifyService.PushProtocolId], Ct);
            Assert.True(open.IsOpened);
            await using (open.Stream)
            {
                try
                {
                    await open.Stream.WriteAsync(IdentifyMessage.Encode(info, b.Identity.PublicKey), Ct);
                    await open.Stream.CloseWriteAsync(Ct);
                    return await open.Stream.ReadAsync(new byte[1], Ct) == 0;
                }
                catch (IOException)
                {
                    return false;
                }
            }
        }
    }

    [Fact]
    public void Message_survives_a_round_trip_in_one_and_in_many_parts()
    {
        using var identity = PeerIdentity.Create(KeyType.Ed25519);
        IdentifyInfo info = Example();
        byte[] message = IdentifyMessage.Encode(info, identity.PublicKey);
        Assert.Equal(IdentifyVerdict.Ok, IdentifyMessage.Decode(message, identity.Id, out IdentifyInfo read));
        AssertSame(info, read);

        byte[] parts = [.. message, .. IdentifyMessage.Encode(new IdentifyInfo { Protocols = ["/c"], AgentVersion = "later" }, identity.PublicKey)];
        Assert.Equal(IdentifyVerdict.Ok, IdentifyMessage.Decode(parts, identity.Id, out read));
        Assert.Equal(("later", "/c"), (read.AgentVersion, read.Protocols[^1]));
        Assert.Equal(IdentifyVerdict.TooLarge, IdentifyMessage.Decode(
            [.. Enumerable.Repeat(message, 11).SelectMany(static m => m)], identity.Id, out _));
    }

    [Fact]
    public void Truncated_and_mutated_messages_end_in_a_verdict()
    {
        using var identity = PeerIdentity.Create(KeyType.Ed25519);
        byte[] message = IdentifyMessage.Encode(Example(), identity.PublicKey);
        for (int n = 0; n < message.Length; n++)
            Assert.Equal(IdentifyVerdict.Empty, IdentifyMessage.Decode(message.AsSpan(0, n), identity.Id, out _));
        Random random = Seeds.Create(11);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] mutant = [.. message];
            for (int k = random.Next(1, 4); k > 0; k--)
                mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            Assert.True(Enum.IsDefined(IdentifyMessage.Decode(mutant, identity.Id, out IdentifyInfo info)));
            Assert.All(info.AgentVersion, static c => Assert.InRange(c, ' ', '~'));
        }
    }

    [Fact]
    public void Foreign_key_and_oversize_are_refused_and_lists_are_cut()
    {
        using var identity = PeerIdentity.Create(KeyType.Ed25519);
        using var other = PeerIdentity.Create(KeyType.Ed25519);
        byte[] message = IdentifyMessage.Encode(Example(), other.PublicKey);
        Assert.Equal(IdentifyVerdict.WrongKey, IdentifyMessage.Decode(message, identity.Id, out _));
        Assert.Equal(IdentifyVerdict.TooLarge, IdentifyMessage.Decode(new byte[IdentifyMessage.SizeMax + 1], identity.Id, out _));

        IdentifyInfo large = new()
        {
            Protocols = [.. Enumerable.Range(0, 500).Select(static i => $"/p/{i}")],
            ListenAddresses = [.. Enumerable.Repeat(Example().ListenAddresses[0], 100)],
            AgentVersion = new string('x', 300) + "\n",
            ProtocolVersion = "a\u001b[31mb",
        };
        Assert.Equal(IdentifyVerdict.Ok, IdentifyMessage.Decode(
            IdentifyMessage.Encode(large, identity.PublicKey), identity.Id, out IdentifyInfo read));
        Assert.Equal(
            (IdentifyInfo.ProtocolsMax, IdentifyInfo.AddressesMax, IdentifyInfo.VersionLengthMax, "a?[31mb"),
            (read.Protocols.Count, read.ListenAddresses.Count, read.AgentVersion.Length, read.ProtocolVersion));
    }

    private static IdentifyInfo Example()
    {
        Assert.True(Multiaddr.TryParse("/ip4/10.1.2.3/tcp/9222", out Multiaddr? a));
        Assert.True(Multiaddr.TryParse("/ip6/::1/tcp/9222", out Multiaddr? b));
        return new IdentifyInfo
        {
            AgentVersion = "agent/1.2.3",
            ProtocolVersion = "ipfs/0.1.0",
            Protocols = ["/a", "/b"],
            ListenAddresses = [a, b],
            ObservedAddress = b,
        };
    }

    private static void AssertSame(IdentifyInfo expected, IdentifyInfo actual)
    {
        Assert.Equal(expected.Protocols, actual.Protocols);
        Assert.Equal(expected.ListenAddresses, actual.ListenAddresses);
        Assert.Equal(
            (expected.AgentVersion, expected.ProtocolVersion, expected.ObservedAddress),
            (actual.AgentVersion, actual.ProtocolVersion, actual.ObservedAddress));
    }
}
