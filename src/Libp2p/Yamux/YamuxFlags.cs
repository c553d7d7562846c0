namespace OpSync.Libp2p.Yamux;

/// <summary>Bits that open, confirm and close streams (yamux spec, "Flag Field"). Unknown bits are ignored.</summary>
[Flags]
public enum YamuxFlags : ushort
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>First frame of a stream; on a ping: a question.</summary>
    Syn = 1,

    /// <summary>First frame of the accepting side; on a ping: the answer.</summary>
    Ack = 2,

    /// <summary>Half-close: the sender writes nothing more.</summary>
    Fin = 4,

    /// <summary>The stream ends in both directions at once.</summary>
    Rst = 8,
}
