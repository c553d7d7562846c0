using System.Globalization;
using System.Text.Json;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.Peers;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>A peer, or a silo of our own, as op-node's RPC shows a peer (op-service/apis/p2p.go). What is not known has its zero
/// value.</summary>
internal sealed record PeerInfo
{
    private const int Connected = 1;
    private static readonly string s_noNodeId = new('0', 64);

    public required string PeerId { get; init; }

    public string NodeId { get; init; } = s_noNodeId;

    public required string Agent { get; init; }

    public string ProtocolVersion { get; init; } = "";

    public required IEnumerable<string> Addresses { get; init; }

    public required IEnumerable<string> Protocols { get; init; }

    public required ulong ChainId { get; init; }

    /// <summary>What is known of a peer; of a silo of our own nothing is.</summary>
    public PeerReport? Report { get; init; }

    /// <summary>A peer, as it looks from a chain.</summary>
    public static PeerInfo Of(PeerReport peer, ulong chainId) => new()
    {
        PeerId = peer.PeerId,
        Agent = peer.Agent,
        Addresses = peer.Addresses,
        Protocols = peer.Chains.Select(c => string.Create(CultureInfo.InvariantCulture, $"/opstack/req/payload_by_number/{c}/0")),
        ChainId = peer.Chains.Contains(chainId) ? chainId : 0,
        Report = peer,
    };

    /// <summary>A silo that serves a chain.</summary>
    public static PeerInfo Of(SiloPresence silo, ulong chainId) => new()
    {
        PeerId = silo.PeerId,
        NodeId = silo.NodeId.Length > 0 ? silo.NodeId : s_noNodeId,
        Agent = silo.Agent,
        ProtocolVersion = silo.ProtocolVersion,
        Addresses = silo.Addresses,
        Protocols = silo.Protocols,
        ChainId = chainId,
    };

    public void WriteTo(Utf8JsonWriter result)
    {
        result.WriteStartObject();
        result.WriteString("peerID"u8, PeerId);
        result.WriteString("nodeID"u8, NodeId);
        result.WriteString("userAgent"u8, Agent);
        result.WriteString("protocolVersion"u8, ProtocolVersion);
        result.WriteString("ENR"u8, "");
        WriteArray(result, "addresses", Addresses);
        WriteArray(result, "protocols", Protocols);
        result.WriteNumber("connectedness"u8, Report is { Connected: true } ? Connected : 0);
        result.WriteNumber("direction"u8, 0);
        result.WriteBoolean("protected"u8, Report is { Configured: true } or { Protected: true });
        result.WriteNumber("chainID"u8, ChainId);
        result.WriteNumber("latency"u8, 0);
        result.WriteBoolean("gossipBlocks"u8, false);
        result.WriteStartObject("scores"u8);
        result.WriteStartObject("gossip"u8);
        result.WriteNumber("total"u8, Report?.Score ?? 0);
        result.WriteStartObject("blocks"u8);
        foreach (string unknown in (string[])["timeInMesh", "firstMessageDeliveries", "meshMessageDeliveries", "invalidMessageDeliveries"]) result.WriteNumber(unknown, 0);
        result.WriteEndObject();
        result.WriteNumber("IPColocationFactor"u8, 0);
        result.WriteNumber("behavioralPenalty"u8, 0);
        result.WriteEndObject();
        result.WriteStartObject("reqResp"u8);
        result.WriteNumber("validResponses"u8, Report?.Ok ?? 0);
        result.WriteNumber("errorResponses"u8, Report is { } r ? r.Failed + r.Timeouts + r.Malformed : 0);
        result.WriteNumber("rejectedPayloads"u8, Report?.Rejected ?? 0);
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
