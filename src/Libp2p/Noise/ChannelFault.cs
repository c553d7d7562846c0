namespace OpSync.Libp2p.Noise;

/// <summary>What broke an encrypted channel.</summary>
public enum ChannelFault
{
    /// <summary>The transport ended inside a frame.</summary>
    Truncated,

    /// <summary>A frame is too short to hold its tag.</summary>
    FrameTooShort,

    /// <summary>A frame was changed, replayed, reordered or made with another key.</summary>
    BadTag,

    /// <summary>2^64 - 1 frames were sent or received under one key.</summary>
    CounterExhausted,

    /// <summary>An earlier write was cancelled or failed half way, so that the remote cannot make sense of another.</summary>
    WriteBroken,

    /// <summary>The channel was closed on this side.</summary>
    Closed,
}
