using System.Net;
using System.Text.Json;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.Peers;
using OpSync.Gateway.Endpoints;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The methods of the namespace opp2p that change something, for administrators (op-node/p2p/rpc_server.go). They do what the
/// routes below <c>/v1/peers</c> do; a peer is one that the chain knows, except where it is to be kept out or met. Addresses and subnets
/// are kept out by every silo.</summary>
internal sealed class PeerChanges(IGrainFactory grains, RpcSettings settings, TimeProvider time)
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PollMax = TimeSpan.FromMilliseconds(500);

    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        Func<Task<RpcError?>>? change = call.Method switch
        {
            "opp2p_blockPeer" or "opp2p_unblockPeer" or "opp2p_protectPeer" or "opp2p_unprotectPeer" or "opp2p_disconnectPeer" => () => ChangeAsync(call, Text(call)),
            "opp2p_connectPeer" => () => ConnectAsync(call, Text(call)),
            "opp2p_blockAddr" => () => NetworkJson.TryReadAddress(call[0], out IPNetwork address) ? BlockAsync(address) : NoAddressAsync(),
            "opp2p_unblockAddr" => () => NetworkJson.TryReadAddress(call[0], out IPNetwork address) ? UnblockAsync(address) : NoAddressAsync(),
            "opp2p_blockSubnet" => () => NetworkJson.TryReadSubnet(call[0], out IPNetwork subnet) ? BlockAsync(subnet) : NoSubnetAsync(),
            "opp2p_unblockSubnet" => () => NetworkJson.TryReadSubnet(call[0], out IPNetwork subnet) ? UnblockAsync(subnet) : NoSubnetAsync(),
            _ => null,
        };
        if (change is null) return RpcError.UnknownMethod(call.Method);
        if (!await call.Caller.MayChange(call.Method)) return RpcError.Unauthorized(call.Method);
        RpcError? error = await change();
        if (error is null) call.Result.WriteNullValue();
        return error;
    }

    private static string Text(RpcCall call) => call[0] is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    private static Task<RpcError?> NoAddressAsync() => Task.FromResult<RpcError?>(RpcError.InvalidParameters("parameter 0 is no IP address: \"192.0.2.7\" or \"2001:db8::7\""));

    private static Task<RpcError?> NoSubnetAsync() => Task.FromResult<RpcError?>(RpcError.InvalidParameters(
        "parameter 0 is no subnet: {\"IP\": \"192.0.2.0\", \"Mask\": \"////AA==\"}, the mask in base64, 4 or 16 bytes, ones before zeros"));

    private async Task<RpcError?> BlockAsync(IPNetwork network) =>
        await grains.GetCluster().BlockNetwork(NetworkText.Write(network), null) == BlockVerdict.Done
            ? null
            : RpcError.Server("as many addresses and subnets are blocked as there is room for; unblock some, or block a subnet in the place of its addresses");

    private async Task<RpcError?> UnblockAsync(IPNetwork network)
    {
        await grains.GetCluster().UnblockNetwork(NetworkText.Write(network));   // as with op-node, one that was not blocked is no error
        return null;
    }

    private async Task<RpcError?> ChangeAsync(RpcCall call, string id)
    {
        if (!PeerAddress.IsPeerId(id)) return RpcError.InvalidParameters("parameter 0 is no base58 peer id");
        IPeerGrain peer = grains.GetPeer(id);
        if (call.Method == "opp2p_blockPeer")
        {
            await peer.Block(null);
            return null;
        }

        if (!await KnownPeers.HasAsync(grains, [call.Chain.ChainId], id)) return RpcError.Server("this chain knows no such peer, and it is not kept out");
        switch (call.Method)
        {
            case "opp2p_unblockPeer":
                await peer.Unblock();
                return null;
            case "opp2p_protectPeer":
                await peer.Protect(true);
                return null;
            case "opp2p_unprotectPeer":
                await peer.Protect(false);
                return null;
            default:
                if (!await peer.Forget()) return RpcError.Server("the configuration names this peer; take it out there");
                foreach (RpcChain chain in settings.Chains) await grains.GetChain(chain.ChainId).ForgetPeer(id);
                return null;
        }
    }

    private async Task<RpcError?> ConnectAsync(RpcCall call, string address)
    {
        if (PeerAddress.PeerIdOf(address) is not { } id) return RpcError.InvalidParameters("parameter 0 is no TCP multiaddr that ends in a peer id: /ip4/10.0.0.7/tcp/9222/p2p/16Uiu2HA...");
        PeerReport report = await grains.GetPeer(id).Configure(new PeerSetup(call.Chain.ChainId, [address], Configured: false));
        long start = time.GetTimestamp();
        for (TimeSpan pause = PollFirst; !report.Connected; pause = pause * 2 < PollMax ? pause * 2 : PollMax)
        {
            if (time.GetElapsedTime(start) >= settings.Limits.ConnectTimeout) return RpcError.Server($"the peer is known from now on and dialled again and again, but is not connected yet: {report.Problem}");
            await Task.Delay(pause, time, call.Caller.Aborted);
            report = await grains.GetPeer(id).GetReport();
        }

        return null;
    }
}
