namespace OpSync.Sync.Ranges;

/// <summary>What an answer of a peer takes: a time for itself and a time for each byte, both learned from answers of all sizes. So a peer
/// that was asked for small blocks compares with one that was asked for large ones.</summary>
/// <remarks>Least mean squares, normalised: what an answer takes beyond what was expected goes to the two parts as its size tells them
/// apart (Widrow and Hoff, 1960).</remarks>
internal struct ReplyModel
{
    /// <summary>How far one answer moves what is expected of the next.</summary>
    private const double Step = 1.0 / 8;

    /// <summary>An answer that takes longer than usual counts as so many usual ones more at most: one may be slow where its peer is not.</summary>
    private const double SurpriseMax = 4;

    /// <summary>An answer of this size tells as much of the one part as of the other, bytes.</summary>
    private const double Scale = 64 << 10;

    /// <summary>Assumed until a large answer comes, seconds per byte: a line of 8 MB/s.</summary>
    private const double PerByteFirst = 1 / 8e6;

    /// <summary>Less than this is not told apart, seconds.</summary>
    private const double Least = 0.001;

    private double _latency;
    private double _perScale;
    private bool _knowsLarge;

    /// <summary>True once there was an answer.</summary>
    public readonly bool IsKnown => _perScale > 0;

    /// <summary>What an answer will take.</summary>
    /// <param name="bytes">Its size.</param>
    public readonly TimeSpan For(long bytes) => TimeSpan.FromSeconds(Seconds(bytes / Scale));

    /// <summary>How much longer an answer of this size takes than an empty one; 1 or more.</summary>
    public readonly double Weight(int bytes) => 1 + (bytes / Scale * (IsKnown ? Math.Min(1, _perScale / Math.Max(_latency, Least)) : 1));

    /// <summary>An answer took so long.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="taken">From asking to its end.</param>
    public void Learn(long bytes, TimeSpan taken)
    {
        double size = bytes / Scale, seconds = taken.TotalSeconds;
        if (!IsKnown)
        {
            _perScale = PerByteFirst * Scale;
            _latency = Math.Max(seconds / 2, seconds - (size * _perScale));
        }

        if (!_knowsLarge && size >= 1)
        {
            _knowsLarge = true;
            if (seconds > Seconds(size)) _perScale = (seconds - _latency) / size;
            return;
        }

        double usual = Seconds(size);
        double step = Step * Math.Min(seconds - usual, Math.Max(usual, Least) * SurpriseMax) / (1 + (size * size));
        _latency = Math.Max(0, _latency + step);
        _perScale = Math.Max(double.Epsilon, _perScale + (step * size));
    }

    private readonly double Seconds(double size) => _latency + (size * _perScale);
}
