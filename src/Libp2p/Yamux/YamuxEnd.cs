namespace OpSync.Libp2p.Yamux;

/// <summary>Why a session ended. Everything from <see cref="BadFrame"/> on is the remote's doing.</summary>
public enum YamuxEnd
{
    /// <summary>The session is running.</summary>
    None,

    /// <summary>Closed by this side.</summary>
    LocalClose,

    /// <summary>The remote closed the connection.</summary>
    RemoteClose,

    /// <summary>The channel below broke: socket error or failed decryption.</summary>
    ChannelBroken,

    /// <summary>Nothing arrived for <see cref="YamuxOptions.SilenceMax"/> although a ping asked for an answer.</summary>
    Silent,

    /// <summary>One write took longer than <see cref="YamuxOptions.WriteTimeout"/>.</summary>
    WriteStalled,

    /// <summary>The remote said go-away with an error code.</summary>
    RemoteGoAway,

    /// <summary>A header of another version, of an unknown type, or with a body above the limit.</summary>
    BadFrame,

    /// <summary>An id of the wrong parity, in use, or 0 for a stream frame.</summary>
    BadStreamId,

    /// <summary>More data than the receive window allowed.</summary>
    WindowExceeded,

    /// <summary>A window update above what 32 bits can count.</summary>
    WindowOverflow,

    /// <summary>Data after the stream's half-close.</summary>
    DataAfterFin,

    /// <summary>Too many frames without use: pings, refused streams, empty frames, frames of unknown streams.</summary>
    FrameFlood,

    /// <summary>The remote makes us answer and does not read the answers.</summary>
    ControlBacklog,
}
