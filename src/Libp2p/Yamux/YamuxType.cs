namespace OpSync.Libp2p.Yamux;

/// <summary>What a yamux frame is for (yamux spec, "Type Field").</summary>
public enum YamuxType : byte
{
    /// <summary>Stream bytes follow the header; the length field counts them.</summary>
    Data = 0,

    /// <summary>The length field is added to the receiver's send window.</summary>
    WindowUpdate = 1,

    /// <summary>The length field is an opaque value that the answer repeats. Stream id 0.</summary>
    Ping = 2,

    /// <summary>No new streams, or the end of the session; the length field is a reason code. Stream id 0.</summary>
    GoAway = 3,
}
