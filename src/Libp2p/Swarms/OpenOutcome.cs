namespace OpSync.Libp2p.Swarms;

/// <summary>How opening a stream ended.</summary>
public enum OpenOutcome
{
    /// <summary>The stream is open and speaks the protocol, or will once its first read has confirmed it.</summary>
    Opened,

    /// <summary>There is no usable connection to the peer.</summary>
    NotConnected,

    /// <summary>The connection has all its streams in use.</summary>
    LimitReached,

    /// <summary>The peer speaks none of the protocols.</summary>
    Unsupported,

    /// <summary>No agreement within <see cref="SwarmOptions.NegotiateTimeout"/>.</summary>
    Timeout,

    /// <summary>The peer reset the stream, broke the negotiation's rules, or the connection was lost.</summary>
    Failed,
}
