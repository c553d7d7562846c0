using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Yamux;

/// <summary>What the streams of one session share.</summary>
internal sealed class YamuxLimits(YamuxOptions options, ByteQuota? process, ByteQuota? processInbound)
{
    public YamuxOptions Options => options;

    /// <summary>Memory rented for unread bytes of streams we opened.</summary>
    public ByteQuota Buffered { get; } = new(options.BufferedBytesMax, process);

    /// <summary>Memory rented for unread bytes of streams the remote opened.</summary>
    public ByteQuota InboundBuffered { get; } = new(options.InboundBufferedBytesMax, processInbound);

    /// <summary>Bytes of window above the initial ones.</summary>
    public ByteQuota WindowGrowth { get; } = new(options.WindowGrowthMax);
}
