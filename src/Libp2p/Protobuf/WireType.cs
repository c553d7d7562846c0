namespace OpSync.Libp2p.Protobuf;

/// <summary>How a protobuf field's value is laid out. Groups (3 and 4) are obsolete and refused.</summary>
public enum WireType : byte
{
    /// <summary>A base-128 number.</summary>
    Varint = 0,

    /// <summary>Eight bytes, little-endian.</summary>
    Fixed64 = 1,

    /// <summary>A length and that many bytes: bytes, strings, embedded messages.</summary>
    Bytes = 2,

    /// <summary>Four bytes, little-endian.</summary>
    Fixed32 = 5,
}
