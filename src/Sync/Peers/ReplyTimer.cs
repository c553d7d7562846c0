namespace OpSync.Sync.Peers;

/// <summary>Works out how long to wait for a peer, from what its answers took. Not thread-safe.</summary>
/// <remarks>Smoothed time and deviation of the first byte as in RFC 6298, to which the time for the bytes is added at the speed
/// measured. Each request has a stream of its own, so even an answer that came too late is a sound sample. Answers share the peer's
/// line and differ in size by orders of magnitude: what the slowest of the last ones took beyond its first byte is granted to each,
/// or a run of large blocks on a slow line would time out as a whole.</remarks>
internal sealed class ReplyTimer
{
    /// <summary>Shortest wait for a first byte (RFC 6298, section 2.4).</summary>
    public static readonly TimeSpan LatencyMin = TimeSpan.FromSeconds(1);

    /// <summary>Speed assumed until one is measured, bytes per second: 1 MiB still fits into op-node's 10 s.</summary>
    public const double BytesPerSecondUnknown = 128 << 10;

    /// <summary>Lower bound of the deviation's share (RFC 6298, clock granularity).</summary>
    private static readonly TimeSpan DeviationMin = TimeSpan.FromMilliseconds(100);

    /// <summary>Answers smaller than this tell nothing of the speed.</summary>
    private const int SpeedSampleMin = 16 << 10;

    /// <summary>An answer may take this many times as long as its size and the measured speed say.</summary>
    private const double SpeedMargin = 2;

    /// <summary>The slowest answer's time for its bytes is forgotten by this share with each further answer.</summary>
    private const double BodyForgotten = 1.0 / 64;

    /// <summary>Reserve above it: the next one may be larger, or share the line with one more.</summary>
    private const double BodyMargin = 1.5;

    /// <summary>Doublings after timeouts in a row; more would reach op-node's deadline anyway.</summary>
    private const int BackoffMax = 4;

    private TimeSpan? _smoothed;
    private TimeSpan _deviation;
    private double _bytesPerSecond;
    private TimeSpan _slowestBody;
    private int _backoff;

    /// <summary>Smoothed time to the first byte; null before the first answer.</summary>
    public TimeSpan? Smoothed => _smoothed;

    /// <summary>What the next request may take.</summary>
    public ReplyTimeout Current
    {
        get
        {
            double speed = (_bytesPerSecond > 0 ? _bytesPerSecond : BytesPerSecondUnknown) / SpeedMargin;
            if (_smoothed is not { } smoothed) return new ReplyTimeout(ReplyTimeout.Max, speed);
            TimeSpan spread = 4 * _deviation;
            TimeSpan latency = smoothed + (spread > DeviationMin ? spread : DeviationMin) + (BodyMargin * _slowestBody);
            if (latency < LatencyMin) latency = LatencyMin;
            return new ReplyTimeout(latency * (1 << _backoff), speed);
        }
    }

    /// <summary>An answer came.</summary>
    /// <param name="firstByte">Time to its first byte.</param>
    /// <param name="elapsed">Time to its end.</param>
    /// <param name="bytes">Its size.</param>
    public void OnAnswer(TimeSpan firstByte, TimeSpan elapsed, int bytes)
    {
        _backoff = 0;
        if (_smoothed is { } known)
        {
            _deviation += ((firstByte - known).Duration() - _deviation) / 4;
            _smoothed = known + ((firstByte - known) / 8);
        }
        else
        {
            _smoothed = firstByte;
            _deviation = firstByte / 2;
        }

        TimeSpan body = elapsed - firstByte;
        _slowestBody -= _slowestBody * BodyForgotten;
        if (body > _slowestBody) _slowestBody = body;
        double seconds = body.TotalSeconds;
        if (bytes < SpeedSampleMin || seconds <= 0) return;
        double speed = bytes / seconds;
        _bytesPerSecond = _bytesPerSecond > 0 ? _bytesPerSecond + ((speed - _bytesPerSecond) / 8) : speed;
    }

    /// <summary>No answer came in time.</summary>
    public void OnTimeout() => _backoff = Math.Min(_backoff + 1, BackoffMax);
}
