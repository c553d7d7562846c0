namespace OpSync.Libp2p.Noise;

/// <summary>An encrypted channel ended other than at the remote's orderly end.</summary>
public sealed class SecureChannelException(ChannelFault fault, Exception? inner = null)
    : IOException($"The encrypted channel broke: {fault}.", inner)
{
    /// <summary>The reason. <see cref="ChannelFault.FrameTooShort"/> and <see cref="ChannelFault.BadTag"/> are not an accident of
    /// the network.</summary>
    public ChannelFault Fault { get; } = fault;
}
