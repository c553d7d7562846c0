namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>How a request ended.</summary>
public enum ExchangeOutcome
{
    /// <summary>The whole answer is here.</summary>
    Ok,

    /// <summary>There was no connection to the peer, or it was lost before the request was sent.</summary>
    NotConnected,

    /// <summary>The peer speaks none of the protocols.</summary>
    Unsupported,

    /// <summary>One of the time limits passed; waiting for our own byte budget does not count.</summary>
    Timeout,

    /// <summary>The peer reset the stream, or the connection was lost meanwhile.</summary>
    Reset,

    /// <summary>The answer is longer than <see cref="ExchangeLimits.ResponseSizeMax"/>.</summary>
    TooLarge,

    /// <summary>The caller cancelled.</summary>
    Cancelled,

    /// <summary>No stream could be opened: all in use, or the negotiation broke.</summary>
    OpenFailed,
}
