namespace OpSync.Libp2p.Noise;

/// <summary>Limits of a Noise handshake. Its deadline is the token's.</summary>
public sealed record NoiseOptions
{
    /// <summary>The limits used where none are given.</summary>
    public static NoiseOptions Default { get; } = new();

    /// <summary>Longest handshake message read, in bytes, up to 65,535. The largest honest one carries an RSA key of 8,192 bits
    /// and its signature, about 2.3 kB.</summary>
    public int HandshakeMessageSizeMax { get; init; } = 4_096;

    /// <summary>Muxers looked at in the remote's offer, in count. The rest is ignored.</summary>
    public int MuxersMax { get; init; } = 16;
}
