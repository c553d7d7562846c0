using OpSync.Codec.Keccak;
using OpSync.Codec.Secp256k1;
using OpSync.Contracts.Cluster;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Hosting;

namespace OpSync.Silo.Peering;

/// <summary>This silo as other peers see it.</summary>
internal sealed class SiloSelf(SiloSettings settings, SwarmHolder swarm)
{
    private readonly string _nodeId = NodeIdOf(settings.Identity.PublicKey);
    private SiloPresence? _listening;

    /// <summary>What the cluster may tell of it. Addresses are those of the interfaces when the swarm began to listen.</summary>
    public SiloPresence Present() => _listening ?? (swarm.IsReady ? _listening = Describe(swarm.Value) : Describe(null));

    private SiloPresence Describe(Swarm? listening) => new(
        settings.Cluster?.SiloName ?? "",
        settings.Identity.Id.ToString(),
        _nodeId,
        listening?.AgentVersion ?? "",
        Swarm.ProtocolVersion,
        listening is null ? [] : [.. listening.ListenAddresses.Select(a => a.ToString())],
        listening is null ? [] : [.. listening.Protocols.Order(StringComparer.Ordinal)]);

    /// <summary>Keccak-256 of the key's point (go-ethereum, <c>enode.PubkeyToIDV4</c>).</summary>
    private static string NodeIdOf(PublicKey key)
    {
        Span<byte> point = stackalloc byte[Secp256k1Ecdsa.PublicKeySize];
        return key.Type == KeyType.Secp256k1 && Secp256k1Ecdsa.TryDecompress(key.Data.Span, point) ? Convert.ToHexStringLower(Keccak256.Hash(point[1..]).Bytes) : "";
    }
}
