namespace OpSync.Libp2p.Yamux;

/// <summary>Limits of one yamux session.</summary>
public sealed record YamuxOptions
{
    /// <summary>Streams the remote may have open, 1 to 1,024. A slot is free again when the stream's handler is done with it, so
    /// that opening and resetting in a loop does not start more handlers than this.</summary>
    public int InboundStreamsMax { get; init; } = 64;

    /// <summary>Streams this side may have open, 1 to 1,024. Other implementations accept 256 unconfirmed ones.</summary>
    public int OutboundStreamsMax { get; init; } = 256;

    /// <summary>Inbound streams waiting to be accepted, 1 to 1,024; more are refused with a reset.</summary>
    public int AcceptBacklogMax { get; init; } = 64;

    /// <summary>Bytes one stream's receive window may grow to, 256 KiB (no growth) to 16 MiB. It doubles while the reader keeps up,
    /// so that a long round trip does not limit a large answer.</summary>
    public int ReceiveWindowMax { get; init; } = 1024 * 1024;

    /// <summary>Bytes all streams' windows together may grow above their initial size, 0 to 64 MiB.</summary>
    public int WindowGrowthMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Received, unread bytes a connection may hold of the streams this side opened, 512 KiB to 1 GiB. A stream that would go
    /// above is reset. The first 4 KiB of each stream are free: a small message gets through whoever fills the rest.</summary>
    public int BufferedBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Received, unread bytes a connection may hold of the streams the remote opened, 512 KiB to 1 GiB.</summary>
    public int InboundBufferedBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>How often a silent connection is pinged, 5 s or more.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long nothing at all may arrive before the connection counts as dead; longer than the interval.</summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Time one write to the channel may take, 1 s or more: beyond it the remote has stopped reading.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for the last go-away to leave before the socket is closed.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pings answered in a burst; others ask one each 30 s.</summary>
    public int PingBurst { get; init; } = 16;

    /// <summary>Pings answered per second in the long run; the rest counts as nuisance.</summary>
    public int PingsPerSecond { get; init; } = 2;

    /// <summary>Nuisance points a remote may run up: 1 for a frame that says nothing new, a frame of an unknown stream (legal after our
    /// reset), a window that grows before it was used or an unanswered ping, 8 for a stream that was refused or came to nothing. Beyond it the session ends.</summary>
    public int NuisanceBurst { get; init; } = 16_384;

    /// <summary>Nuisance points forgiven per second.</summary>
    public int NuisancePerSecond { get; init; } = 1_024;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public void Validate()
    {
        CheckRange(InboundStreamsMax, 1, 1_024, nameof(InboundStreamsMax));
        CheckRange(OutboundStreamsMax, 1, 1_024, nameof(OutboundStreamsMax));
        CheckRange(AcceptBacklogMax, 1, 1_024, nameof(AcceptBacklogMax));
        CheckRange(ReceiveWindowMax, SendWindow.Initial, 16 * 1024 * 1024, nameof(ReceiveWindowMax));
        CheckRange(WindowGrowthMax, 0, 64 * 1024 * 1024, nameof(WindowGrowthMax));
        CheckRange(BufferedBytesMax, 2 * SendWindow.Initial, 1024 * 1024 * 1024, nameof(BufferedBytesMax));
        CheckRange(InboundBufferedBytesMax, 2 * SendWindow.Initial, 1024 * 1024 * 1024, nameof(InboundBufferedBytesMax));
        CheckRange(PingBurst, 1, int.MaxValue, nameof(PingBurst));
        CheckRange(PingsPerSecond, 0, int.MaxValue, nameof(PingsPerSecond));
        CheckRange(NuisanceBurst, 1, int.MaxValue, nameof(NuisanceBurst));
        CheckRange(NuisancePerSecond, 0, int.MaxValue, nameof(NuisancePerSecond));
        ArgumentOutOfRangeException.ThrowIfLessThan(KeepAliveInterval, TimeSpan.FromSeconds(5));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SilenceMax, KeepAliveInterval);
        ArgumentOutOfRangeException.ThrowIfLessThan(WriteTimeout, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CloseTimeout, TimeSpan.Zero);
    }

    private static void CheckRange(int value, int min, int max, string name)
    {
        if (value < min || value > max)
            throw new ArgumentOutOfRangeException(name, value, $"{min} to {max}");
    }
}
