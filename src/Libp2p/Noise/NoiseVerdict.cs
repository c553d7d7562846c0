namespace OpSync.Libp2p.Noise;

/// <summary>How a handshake ended. All but <see cref="Ok"/> mean that nothing of the remote may be trusted or used.</summary>
public enum NoiseVerdict
{
    /// <summary>Both sides proved their identity; the channel is open.</summary>
    Ok,

    /// <summary>The transport broke, or ended between messages.</summary>
    TransportFailed,

    /// <summary>The transport ended inside a message.</summary>
    Truncated,

    /// <summary>The remote announced a message above <see cref="NoiseOptions.HandshakeMessageSizeMax"/>.</summary>
    MessageTooLong,

    /// <summary>A message too short for its place, a tag that does not fit, or a key of low order.</summary>
    BadHandshake,

    /// <summary>The message was genuine Noise, but its content is no libp2p handshake payload.</summary>
    BadPayload,

    /// <summary>The remote's identity key is malformed or of a kind that cannot be verified here.</summary>
    IdentityUnsupported,

    /// <summary>The identity key did not sign the static key of this handshake.</summary>
    BadSignature,

    /// <summary>The remote proved to be another peer than the one dialled.</summary>
    PeerIdMismatch,

    /// <summary>Both sides offered muxers and have none in common (libp2p inlined muxer negotiation spec).</summary>
    NoCommonMuxer,
}
