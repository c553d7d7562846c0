namespace OpSync.Codec.OpStack;

/// <summary>Layout of an execution payload. It follows from the fork that is active at the block's time.</summary>
public enum PayloadVersion : byte
{
    /// <summary>Bedrock and Regolith.</summary>
    V1 = 1,

    /// <summary>Canyon and Delta: an empty withdrawals list.</summary>
    V2 = 2,

    /// <summary>Ecotone to Holocene: blob gas fields, and the parent beacon block root in an envelope.</summary>
    V3 = 3,

    /// <summary>Isthmus and later: the withdrawals root is a field.</summary>
    V4 = 4,
}

/// <summary>What follows from a payload version.</summary>
public static class PayloadVersions
{
    /// <summary>True where 32 bytes of parent beacon block root stand before the payload.</summary>
    public static bool HasEnvelope(this PayloadVersion version) => version >= PayloadVersion.V3;

    /// <summary>The version number on the wire of payload_by_number: 0 for a bare payload, 1 for an envelope (op-node
    /// p2p/sync.go).</summary>
    public static uint ToWire(this PayloadVersion version) => version.HasEnvelope() ? 1u : 0u;
}
