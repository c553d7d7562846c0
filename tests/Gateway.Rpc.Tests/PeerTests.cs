using System.Text.Json.Nodes;
using OpSync.Contracts.Peers;
using OpSync.Gateway.Rpc.Tests.Kit;
using Xunit;

namespace OpSync.Gateway.Rpc.Tests;

/// <summary>The namespace opp2p: the peers of the cluster as op-node shows its own.</summary>
public sealed class PeerTests
{
    private const ulong Chain = Samples.ChainId;
    private const string Peer = "16Uiu2HAm3xM6gpiHUyUqkPydkuKFC1Bkae7LUqzHrEQEMC1Kc4z9";
    private const string Address = "/ip4/192.0.2.1/tcp/9003";

    [Fact]
    public async Task Peers_of_the_chain_are_listed_as_op_node_lists_its_own()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        await host.Grains.GetPeer(Peer).Configure(new PeerSetup(Chain, [Address], true));
        JsonNode listed = (await UntilAsync(host, "opp2p_peers", "[false]", a => a["peers"]![Peer] is not null))["peers"]![Peer]!;

        Assert.Equal(0, (int)listed["connectedness"]!);
        Assert.True((bool)listed["protected"]!);
        Assert.Equal(Address, (string?)listed["addresses"]![0]);
        Assert.Empty((await host.ResultAsync(Chain, "opp2p_peers", "[true]"))!["peers"]!.AsObject());
        Assert.Equal(1, (int)(await host.ResultAsync(Chain, "opp2p_peerStats"))!["known"]!);
        Assert.Equal((-32000, "discovery disabled"), await host.ErrorAsync(Chain, "opp2p_discoveryTable"));
    }

    [Theory]
    [InlineData("opp2p_blockPeer", $"[\"{Peer}\"]")]
    [InlineData("opp2p_unblockPeer", $"[\"{Peer}\"]")]
    [InlineData("opp2p_protectPeer", $"[\"{Peer}\"]")]
    [InlineData("opp2p_unprotectPeer", $"[\"{Peer}\"]")]
    [InlineData("opp2p_disconnectPeer", $"[\"{Peer}\"]")]
    [InlineData("opp2p_connectPeer", $"[\"{Address}/p2p/{Peer}\"]")]
    public async Task Changing_peers_needs_an_administrator_and_a_peer(string method, string parameters)
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { ConnectTimeout = TimeSpan.Zero }));
        Assert.Equal(-32001, (await host.ErrorAsync(Chain, method, parameters)).Code);
        foreach (string wrong in (string[])["[]", "[7]", "[\"x\"]", "[\"/ip4/192.0.2.1/udp/1/p2p/x\"]"])
            Assert.Equal(-32602, (await host.ErrorAsync(Chain, method, wrong, RpcHost.AdminToken)).Code);
        if (method is "opp2p_blockPeer") Assert.Null(await host.ResultAsync(Chain, method, parameters, RpcHost.AdminToken));
        else Assert.Equal(-32000, (await host.ErrorAsync(Chain, method, parameters, RpcHost.AdminToken)).Code);   // nobody there, or not known
    }

    [Fact]
    public async Task Peer_is_added_protected_blocked_and_forgotten()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings(limits: new RpcLimits { ConnectTimeout = TimeSpan.Zero }));
        Assert.Contains("not connected yet", (await host.ErrorAsync(Chain, "opp2p_connectPeer", $"[\"{Address}/p2p/{Peer}\"]", RpcHost.AdminToken)).Message, StringComparison.Ordinal);
        await UntilAsync(host, "opp2p_peers", "[false]", a => a["peers"]![Peer] is not null);

        await ChangeAsync("opp2p_protectPeer");
        await UntilAsync(host, "opp2p_peers", "[false]", a => (bool)a["peers"]![Peer]!["protected"]!);
        await ChangeAsync("opp2p_unprotectPeer");
        await ChangeAsync("opp2p_blockPeer");
        await UntilAsync(host, "opp2p_listBlockedPeers", "[]", a => a.AsArray() is [{ } only] && (string?)only == Peer);
        await ChangeAsync("opp2p_unblockPeer");
        Assert.False((await host.Grains.GetPeer(Peer).GetReport()).Blocked);
        await ChangeAsync("opp2p_disconnectPeer");
        await UntilAsync(host, "opp2p_peers", "[false]", a => a["peers"]![Peer] is null);

        await host.Grains.GetPeer(Peer).Configure(new PeerSetup(Chain, [Address], true));
        await UntilAsync(host, "opp2p_peers", "[false]", a => a["peers"]![Peer] is not null);
        Assert.Contains("configuration", (await host.ErrorAsync(Chain, "opp2p_disconnectPeer", $"[\"{Peer}\"]", RpcHost.AdminToken)).Message, StringComparison.Ordinal);

        async Task ChangeAsync(string method) => Assert.Null(await host.ResultAsync(Chain, method, $"[\"{Peer}\"]", RpcHost.AdminToken));
    }

    [Fact]
    public async Task Stranger_that_is_blocked_is_unblocked_by_its_id()
    {
        await using RpcHost host = await RpcHost.StartAsync(Samples.Settings());
        Assert.Null(await host.ResultAsync(Chain, "opp2p_blockPeer", $"[\"{Peer}\"]", RpcHost.AdminToken));
        await UntilAsync(host, "opp2p_listBlockedPeers", "[]", a => a.AsArray().Count == 1);
        Assert.Null(await host.ResultAsync(Chain, "opp2p_unblockPeer", $"[\"{Peer}\"]", RpcHost.AdminToken));
        await UntilAsync(host, "opp2p_listBlockedPeers", "[]", a => a.AsArray().Count == 0);
    }

    /// <summary>Asks until it is so: what many grains say together is asked for once a second.</summary>
    private static async Task<JsonNode> UntilAsync(RpcHost host, string method, string parameters, Func<JsonNode, bool> isSo)
    {
        JsonNode answer = (await host.ResultAsync(Chain, method, parameters))!;
        for (int tries = 0; tries < 1_000 && !isSo(answer); tries++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            answer = (await host.ResultAsync(Chain, method, parameters))!;
        }

        Assert.True(isSo(answer), answer.ToJsonString());
        return answer;
    }
}
