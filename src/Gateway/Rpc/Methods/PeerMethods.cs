using System.Net;
using System.Text.Json;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.Peers;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The namespace opp2p, over the peers and the silos of the cluster (op-node/p2p/rpc_server.go). Fields without a meaning here
/// have their zero values.</summary>
internal sealed class PeerMethods(IGrainFactory grains, RpcSettings settings, TimeProvider time, PeerChanges changes)
{
    private readonly Snapshot<PeerReport[]> _peers = new(chainId => ReadAsync(grains, chainId, settings.Limits.ReportsMax), time);
    private readonly Snapshot<KeptOut[]> _keptOut = new(async _ => (await grains.GetCluster().List()).Entries, time);
    private readonly Snapshot<SiloPresence[]> _silos = new(async _ => (await grains.GetCluster().GetSilos()).Silos, time);

    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        switch (call.Method)
        {
            case "opp2p_self":
                // Of several silos always the same one, for as long as it is there.
                if (await _silos.GetAsync(call.Chain.ChainId) is not [{ } first, ..]) return RpcError.Server("no silo of this service has told of itself yet; try again in a second");
                PeerInfo.Of(first, call.Chain.ChainId).WriteTo(call.Result);
                return null;
            case "opp2p_peers":
                if (call[0].ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return RpcError.InvalidParameters("parameter 0 is neither true (connected only) nor false");
                WritePeers(call, await _peers.GetAsync(call.Chain.ChainId), await _keptOut.GetAsync(call.Chain.ChainId), call[0].GetBoolean());
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
            case "opp2p_listBlockedAddrs":
                call.Result.WriteStartArray();
                WriteAddresses(call.Result, await _keptOut.GetAsync(call.Chain.ChainId), ofPeers: false);
                call.Result.WriteEndArray();
                return null;
            case "opp2p_listBlockedSubnets":
                call.Result.WriteStartArray();
                WriteSubnets(call.Result, await _keptOut.GetAsync(call.Chain.ChainId));
                call.Result.WriteEndArray();
                return null;
            case "opp2p_discoveryTable":
                return RpcError.Server("discovery disabled");   // op-node's words
            default:
                return await changes.CallAsync(call);
        }
    }

    /// <summary>The peers of a chain. A silo of the cluster is none, though another one may have been told to ask it.</summary>
    private static async Task<PeerReport[]> ReadAsync(IGrainFactory grains, ulong chainId, int countMax)
    {
        ChainReport chain = await grains.GetChain(chainId).GetReport();
        return await Task.WhenAll(chain.PeerIds.Except(chain.SiloPeerIds ?? []).Take(countMax).Select(id => grains.GetPeer(id).GetReport()));
    }

    private static void WritePeers(RpcCall call, PeerReport[] peers, KeptOut[] keptOut, bool connectedOnly)
    {
        Utf8JsonWriter result = call.Result;
        result.WriteStartObject();
        result.WriteNumber("totalConnected"u8, peers.Count(p => p.Connected));
        result.WriteStartObject("peers"u8);
        foreach (PeerReport peer in peers.Where(p => p.Connected || !connectedOnly))
        {
            result.WritePropertyName(peer.PeerId);
            PeerInfo.Of(peer, call.Chain.ChainId).WriteTo(result);
        }

        result.WriteEndObject();
        result.WriteStartArray("bannedPeers"u8);
        foreach (PeerReport peer in peers.Where(p => p.BannedUntil is not null)) result.WriteStringValue(peer.PeerId);
        result.WriteEndArray();
        result.WriteStartArray("bannedIPS"u8);
        WriteAddresses(result, keptOut, ofPeers: true);
        result.WriteEndArray();
        result.WriteStartArray("bannedSubnets"u8);
        WriteSubnets(result, keptOut);
        result.WriteEndArray();
        result.WriteEndObject();
    }

    private static void WriteAddresses(Utf8JsonWriter result, KeptOut[] keptOut, bool ofPeers)
    {
        IEnumerable<string> addresses = Networks(keptOut).Where(NetworkText.IsAddress).Select(NetworkText.Write);
        if (ofPeers) addresses = addresses.Concat(keptOut.SelectMany(k => k.From)).Distinct();
        foreach (string address in addresses) result.WriteStringValue(address);
    }

    private static void WriteSubnets(Utf8JsonWriter result, KeptOut[] keptOut)
    {
        foreach (IPNetwork network in Networks(keptOut).Where(n => !NetworkText.IsAddress(n))) NetworkJson.WriteSubnet(result, network);
    }

    private static IEnumerable<IPNetwork> Networks(KeptOut[] keptOut)
    {
        foreach (KeptOut entry in keptOut)
        {
            if (!entry.IsPeer && NetworkText.TryParse(entry.Subject, out IPNetwork network)) yield return network;
        }
    }
}
