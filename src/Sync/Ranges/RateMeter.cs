namespace OpSync.Sync.Ranges;

/// <summary>Smoothed rate of blocks and bytes with its spread. A value: a copy may be advanced without touching the original.</summary>
/// <remarks>Each second counts as one reading with a fixed weight of 1/8, so that what was long ago is forgotten; the first
/// readings weigh more, as an average of few.</remarks>
internal struct RateMeter
{
    /// <summary>Readings before a rate means anything.</summary>
    public const int ReadingsMin = 3;

    private const double Weight = 1.0 / 8;

    /// <summary>After so many empty seconds nothing is left of what was before.</summary>
    private const int EmptyMax = 64;

    private static readonly TimeSpan s_reading = TimeSpan.FromSeconds(1);

    private TimeSpan? _end;
    private long _blocks;
    private long _bytes;
    private int _readings;
    private double _variance;

    /// <summary>Blocks per second.</summary>
    public double Blocks { get; private set; }

    /// <summary>Bytes per second.</summary>
    public double Bytes { get; private set; }

    /// <summary>True once there are enough readings.</summary>
    public readonly bool IsKnown => _readings >= ReadingsMin;

    /// <summary>Two standard errors of <see cref="Blocks"/>: the rate lies within this of it as long as the world stays as it is.</summary>
    public readonly double BlocksSpread
    {
        get
        {
            double weight = Math.Max(Weight, 1.0 / Math.Max(1, _readings));
            return 2 * Math.Sqrt(_variance * weight / (2 - weight));
        }
    }

    /// <summary>Counts blocks.</summary>
    public void Add(TimeSpan now, long blocks, long bytes)
    {
        Advance(now);
        _blocks += blocks;
        _bytes += bytes;
    }

    /// <summary>Takes in the seconds that have passed.</summary>
    public void Advance(TimeSpan now)
    {
        TimeSpan end = _end ??= now + s_reading;
        if (now >= end + (EmptyMax * s_reading))
        {
            (Blocks, Bytes, _variance, _blocks, _bytes) = (0, 0, 0, 0, 0);
            _end = now + s_reading;
            return;
        }

        for (; now >= end; end += s_reading)
        {
            double weight = Math.Max(Weight, 1.0 / ++_readings);
            double difference = _blocks - Blocks;
            _variance = (1 - weight) * (_variance + (weight * difference * difference));
            Blocks += weight * difference;
            Bytes += weight * (_bytes - Bytes);
            (_blocks, _bytes) = (0, 0);
        }

        _end = end;
    }
}
