using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Gateway.Rpc.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Hosting;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>The methods of opp2p about addresses, subnets and ourselves.</summary>
public sealed class AccessTests
{
    private const ulong Chain = Samples.ChainId;
    private const string V4Subnet = """{"IP":"192.0.2.0","Mask":"////AA=="}""", V6Subnet = """{"IP":"2001:db8::","Mask":"/////wAAAAAAAAAAAAAAAA=="}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Networks_are_blocked_listed_and_unblocked_in_whatever_form_they_are_given()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        (string Kind, string Given, string Listed)[] networks =
        [
            ("Addr", "\"192.0.2.7\"", "\"192.0.2.7\""), ("Addr", "\"::ffff:192.0.2.8\"", "\"192.0.2.8\""), ("Addr", "\"2001:DB8:0::7\"", "\"2001:db8::7\""),
            ("Subnet", V4Subnet, V4Subnet), ("Subnet", V6Subnet, V6Subnet),
            ("Subnet", """{"IP":"198.51.100.9","Mask":"////////////////////AA=="}""", """{"IP":"198.51.100.0","Mask":"////AA=="}"""),
            ("Subnet", """{"IP":"::ffff:203.0.113.0","Mask":"///4AA=="}""", """{"IP":"203.0.112.0","Mask":"///4AA=="}"""),
        ];
        await ChangeAllAsync("block");
        foreach (string kind in (string[])["Addr", "Subnet"])
        {
            string[] expected = [.. networks.Where(n => n.Kind == kind).Select(n => n.Listed).Order(StringComparer.Ordinal)];
            Assert.Equal(expected, Texts((await host.ResultAsync(Chain, $"opp2p_listBlocked{kind}s"))!));
            Assert.Equal(expected, Texts((await host.ResultAsync(Chain, "opp2p_peers", "[false]"))![kind == "Addr" ? "bannedIPS" : "bannedSubnets"]!));
        }

        await ChangeAllAsync("unblock");
        await UntilAsync(host, "opp2p_listBlockedAddrs", "[]", a => a.AsArray().Count == 0);
        Assert.Empty((await host.ResultAsync(Chain, "opp2p_listBlockedSubnets"))!.AsArray());
        await ChangeAllAsync("unblock");

        async Task ChangeAllAsync(string what)
        {
            foreach ((string kind, string given, _) in networks) Assert.Null(await host.ResultAsync(Chain, $"opp2p_{what}{kind}", $"[{given}]", RpcHost.AdminToken));
        }

        static IEnumerable<string> Texts(JsonNode list) => list.AsArray().Select(n => n!.ToJsonString()).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("Addr", "\"192.0.2.7\"", "IP address")]
    [InlineData("Subnet", V4Subnet, "subnet")]
    public async Task Changing_needs_an_administrator_and_a_network(string kind, string right, string word)
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        string[] wrong =
        [
            "[]", "[7]", "[null]", "[\"\"]", "[\"192.0.2\"]", "[\"192.0.2.0/24\"]", "[\"example.org\"]", "[\"fe80::1%eth0\"]", "[{}]", "[{\"IP\":\"192.0.2.0\"}]",
            "[{\"IP\":\"192.0.2.0\",\"Mask\":\"//8A/w==\"}]", "[{\"IP\":\"192.0.2.0\",\"Mask\":\"//8=\"}]", "[{\"IP\":\"192.0.2.0\",\"Mask\":\"?\"}]",
            "[{\"IP\":\"192.0.2.0\",\"Mask\":7}]", "[{\"IP\":7,\"Mask\":\"////AA==\"}]", "[{\"IP\":\"2001:db8::\",\"Mask\":\"////AA==\"}]",
        ];
        foreach (string method in (string[])[$"opp2p_block{kind}", $"opp2p_unblock{kind}"])
        {
            Assert.Equal(-32001, (await host.ErrorAsync(Chain, method, $"[{right}]")).Code);
            foreach (string parameters in wrong)
            {
                (int code, string message) = await host.ErrorAsync(Chain, method, parameters, RpcHost.AdminToken);
                Assert.Equal(-32602, code);
                Assert.Contains(word, message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Self_is_the_silo_that_answers()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(), "/ip4/127.0.0.1/tcp/0");
        JsonNode self = await UntilAsync(host, "opp2p_self", "[]", a => a["addresses"]!.AsArray().Count > 0);

        Assert.Equal(host.PeerId.ToString(), (string?)self["peerID"]);
        Assert.Equal("a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7", (string?)self["nodeID"]);   // EIP-778
        Assert.Equal("ipfs/0.1.0", (string?)self["protocolVersion"]);
        Assert.StartsWith("opsync/", (string?)self["userAgent"], StringComparison.Ordinal);
        Assert.Equal(host.Services.GetRequiredService<SiloAddresses>().Listen.Select(a => a.ToString()), self["addresses"]!.AsArray().Select(a => (string?)a));
        Assert.Contains($"/opstack/req/payload_by_number/{Chain}/0", self["protocols"]!.AsArray().Select(p => (string?)p));
        Assert.Equal((0, 0, Chain), ((int)self["connectedness"]!, (int)self["direction"]!, (ulong)self["chainID"]!));
    }

    [Fact]
    public async Task Silo_of_the_cluster_is_no_peer_of_it()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        using PeerIdentity other = PeerIdentity.Create(KeyType.Ed25519), peer = PeerIdentity.Create(KeyType.Ed25519);
        await host.Grains.GetChain(Chain).JoinSilo(other.Id.ToString());
        foreach (PeerIdentity one in (PeerIdentity[])[other, peer]) await host.Grains.GetPeer(one.Id.ToString()).Configure(new PeerSetup(Chain, ["/ip4/192.0.2.1/tcp/1"], true));

        JsonNode dump = await UntilAsync(host, "opp2p_peers", "[false]", a => a["peers"]![peer.Id.ToString()] is not null);
        Assert.Single(dump["peers"]!.AsObject());
    }

    [Fact]
    public async Task Blocked_address_is_hung_up_on_and_refused_until_it_is_unblocked()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { ConnectTimeout = TimeSpan.FromSeconds(60) }), "/ip4/127.0.0.1/tcp/0");
        using PeerIdentity blockedKey = PeerIdentity.Create(KeyType.Ed25519), besideKey = PeerIdentity.Create(KeyType.Ed25519);
        await using Swarm blocked = new(new SwarmOptions(), blockedKey, NullLogger.Instance, TimeProvider.System), beside = new(new SwarmOptions(), besideKey, NullLogger.Instance, TimeProvider.System);
        Assert.Null(await host.ResultAsync(Chain, "opp2p_connectPeer", $"[\"{await ListenAsync(blocked, "127.0.0.2")}\"]", RpcHost.AdminToken));
        Assert.Null(await host.ResultAsync(Chain, "opp2p_connectPeer", $"[\"{await ListenAsync(beside, "127.0.0.3")}\"]", RpcHost.AdminToken));
        Assert.True(await IsLetInAsync(host, "127.0.0.2"));

        Assert.Null(await host.ResultAsync(Chain, "opp2p_blockAddr", "[\"127.0.0.2\"]", RpcHost.AdminToken));

        await UntilAsync(host, "opp2p_peers", "[true]", a => a["peers"]![blockedKey.Id.ToString()] is null);
        Assert.False(await IsLetInAsync(host, "127.0.0.2"));
        Assert.True(await IsLetInAsync(host, "127.0.0.3"));
        Assert.True(beside.IsConnected(host.PeerId));

        Assert.Null(await host.ResultAsync(Chain, "opp2p_unblockAddr", "[\"127.0.0.2\"]", RpcHost.AdminToken));

        await UntilAsync(host, "opp2p_peers", "[true]", a => a["peers"]![blockedKey.Id.ToString()] is not null);
        Assert.True(await IsLetInAsync(host, "127.0.0.2"));
    }

    private static async Task<string> ListenAsync(Swarm swarm, string address)
    {
        Assert.True(Multiaddr.TryParse($"/ip4/{address}/tcp/0", out Multiaddr? any));
        await swarm.ListenAsync(any, Token);
        return swarm.ListenAddresses[0].ToString();
    }

    /// <summary>Knocks from a loopback address: who is let in is answered the first line of a handshake.</summary>
    private static async Task<bool> IsLetInAsync(RpcHost host, string source)
    {
        Multiaddr door = host.Services.GetRequiredService<SiloAddresses>().Listen[0];
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(door.IpAddress!, door.TcpPort!.Value), Token);
            await socket.SendAsync("\x13/multistream/1.0.0\n"u8.ToArray(), Token);
            return await socket.ReceiveAsync(new byte[64], Token) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Asks until it is so: what the grains say is asked for once a second.</summary>
    private static async Task<JsonNode> UntilAsync(RpcHost host, string method, string parameters, Func<JsonNode, bool> isSo)
    {
        JsonObject answer = await host.CallAsync(Chain, method, parameters);
        for (int tries = 0; tries < 1_000 && !(answer["result"] is { } early && isSo(early)); tries++)
        {
            await Task.Delay(20, Token);
            answer = await host.CallAsync(Chain, method, parameters);
        }

        JsonNode? result = answer["result"];
        Assert.True(result is not null && isSo(result), answer.ToJsonString());
        return result;
    }
}
