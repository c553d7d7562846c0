using System.Globalization;
using System.Text.Json;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The namespace opp2p, as far as a cluster without a host of its own can answer it (op-node/p2p/rpc_server.go). Fields
/// without a meaning here have their zero values.</summary>
internal sealed class PeerMethods(IGrainFactory grains, RpcSettings settings, TimeProvider time, PeerChanges changes)
{
    private const int Connected = 1;
    private static readonly string NoNodeId = new('0', 64);

    private readonly Snapshot<PeerReport[]> _peers = new(chainId => ReadAsync(grains, chainId, settings.Limits.ReportsMax), time);

    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        switch (call.Method)
        {
            case "opp2p_peers":
                if (call[0].ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return RpcError.InvalidParameters("parameter 0 is neither true (connected only) nor false");
                WritePeers(call, await _peers.GetAsync(call.Chain.ChainId), call[0].GetBoolean());
                return null;
            case "opp2p_peerStats":
                PeerReport[] peers = await _peers.GetAsync(call.Chain.ChainId);
                call.Result.WriteStartObject();
                call.Result.WriteNumber("connected"u8, peers.Count(p => p.Connected));
                foreach (string unknown in (string[])["table", "blocksTopic", "blocksTopicV2", "blocksTopicV3", "blocksTopicV4"]) call.Result.WriteNumber(unknown, 0);
                call.Result.WriteNumber("banned"u8, peers.Count(p => p.BannedUntil is not null));
                call.Result.WriteNumber("known"u8, peers.Length);
                call.Result.WriteEndObject();
                return null;
            case "opp2p_listBlockedPeers":
                call.Result.WriteStartArray();
                foreach (PeerReport peer in (await _peers.GetAsync(call.Chain.ChainId)).Where(p => p.Blocked)) call.Result.WriteStringValue(peer.PeerId);
                call.Result.WriteEndArray();
                return null;
            case "opp2p_discoveryTable":
                return RpcError.Server("discovery disabled");   // op-node's words
            default:
                return await changes.CallAsync(call);
        }
    }

    private static async Task<PeerReport[]> ReadAsync(IGrainFactory grains, ulong chainId, int countMax)
    {
        ChainReport chain = await grains.GetChain(chainId).GetReport();
        return await Task.WhenAll(chain.PeerIds.Take(countMax).Select(id => grains.GetPeer(id).GetReport()));
    }

    private static void WritePeers(RpcCall call, PeerReport[] peers, bool connectedOnly)
    {
        Utf8JsonWriter result = call.Result;
        result.WriteStartObject();
        result.WriteNumber("totalConnected"u8, peers.Count(p => p.Connected));
        result.WriteStartObject("peers"u8);
        foreach (PeerReport peer in peers.Where(p => p.Connected || !connectedOnly))
        {
            result.WritePropertyName(peer.PeerId);
            WritePeer(result, peer, call.Chain.ChainId);
        }

        result.WriteEndObject();
        result.WriteStartArray("bannedPeers"u8);
        foreach (PeerReport peer in peers.Where(p => p.BannedUntil is not null)) result.WriteStringValue(peer.PeerId);
        result.WriteEndArray();
        foreach (string none in (string[])["bannedIPS", "bannedSubnets"])
        {
            result.WriteStartArray(none);
            result.WriteEndArray();
        }

        result.WriteEndObject();
    }

    private static void WritePeer(Utf8JsonWriter result, PeerReport peer, ulong chainId)
    {
        result.WriteStartObject();
        result.WriteString("peerID"u8, peer.PeerId);
        result.WriteString("nodeID"u8, NoNodeId);
        result.WriteString("userAgent"u8, peer.Agent);
        result.WriteString("protocolVersion"u8, "");
        result.WriteString("ENR"u8, "");
        WriteArray(result, "addresses", peer.Addresses);
        WriteArray(result, "protocols", peer.Chains.Select(c => string.Create(CultureInfo.InvariantCulture, $"/opstack/req/payload_by_number/{c}/0")));
        result.WriteNumber("connectedness"u8, peer.Connected ? Connected : 0);
        result.WriteNumber("direction"u8, 0);
        result.WriteBoolean("protected"u8, peer.Configured || peer.Protected);
        result.WriteNumber("chainID"u8, peer.Chains.Contains(chainId) ? chainId : 0);
        result.WriteNumber("latency"u8, 0);
        result.WriteBoolean("gossipBlocks"u8, false);
        result.WriteStartObject("scores"u8);
        result.WriteStartObject("gossip"u8);
        result.WriteNumber("total"u8, peer.Score);
        result.WriteStartObject("blocks"u8);
        foreach (string unknown in (string[])["timeInMesh", "firstMessageDeliveries", "meshMessageDeliveries", "invalidMessageDeliveries"]) result.WriteNumber(unknown, 0);
        result.WriteEndObject();
        result.WriteNumber("IPColocationFactor"u8, 0);
        result.WriteNumber("behavioralPenalty"u8, 0);
        result.WriteEndObject();
        result.WriteStartObject("reqResp"u8);
        result.WriteNumber("validResponses"u8, peer.Ok);
        result.WriteNumber("errorResponses"u8, peer.Failed + peer.Timeouts + peer.Malformed);
        result.WriteNumber("rejectedPayloads"u8, peer.Rejected);
        result.WriteEndObject();
        result.WriteEndObject();
        result.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter result, string name, IEnumerable<string> items)
    {
        result.WriteStartArray(name);
        foreach (string item in items) result.WriteStringValue(item);
        result.WriteEndArray();
    }
}
