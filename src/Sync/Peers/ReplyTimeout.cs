namespace OpSync.Sync.Peers;

/// <summary>How long a peer has for an answer, by the size expected of it.</summary>
/// <param name="Latency">Time to the first byte.</param>
/// <param name="BytesPerSecond">Speed that is expected at least, above 0.</param>
public readonly record struct ReplyTimeout(TimeSpan Latency, double BytesPerSecond)
{
    /// <summary>op-node gives a whole answer 10 s (op-node p2p/sync.go); nobody here waits longer.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(10);

    /// <summary>The longest wait, for whoever knows nothing of the peer.</summary>
    public static ReplyTimeout Longest => new(Max, 1);

    /// <summary>Time for an answer.</summary>
    /// <param name="bytes">Size expected, 0 or more.</param>
    public TimeSpan For(int bytes)
    {
        double seconds = Latency.TotalSeconds + (bytes / BytesPerSecond);
        return seconds < Max.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Max;
    }
}
