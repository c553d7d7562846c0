namespace OpSync.Libp2p.Swarms;

/// <summary>How a dial ended. Where several addresses failed in different ways, the later value is reported.</summary>
public enum DialOutcome
{
    /// <summary>There is a connection.</summary>
    Connected,

    /// <summary>No address, no name, or nobody listening.</summary>
    Unreachable,

    /// <summary>Nothing came of it within <see cref="SwarmOptions.DialTimeout"/>.</summary>
    Timeout,

    /// <summary><see cref="Swarm.Access"/> forbids the peer or the address.</summary>
    Forbidden,

    /// <summary>Secured, but without a common muxer.</summary>
    MuxerFailed,

    /// <summary>The remote does not speak noise, or its handshake is wrong.</summary>
    SecurityFailed,

    /// <summary>Somebody else proved to be there.</summary>
    WrongPeer,

    /// <summary>Too many connections or dials on our side.</summary>
    LimitReached,

    /// <summary>That is us.</summary>
    SelfDial,
}
