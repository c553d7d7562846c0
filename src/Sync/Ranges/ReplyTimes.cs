namespace OpSync.Sync.Ranges;

/// <summary>How long answers take: a histogram of fixed size that forgets, and the percentiles read from it.</summary>
/// <remarks>
/// Times are taken per weight (<see cref="ReplyModel.Weight"/>), so that large blocks do not look slow. Eight buckets per
/// doubling of the time bound the error of a percentile to 9 %. Past <see cref="SamplesMax"/> samples all counts are halved: what is read is
/// about the last thousand answers.
/// </remarks>
internal sealed class ReplyTimes
{
    /// <summary>Samples before anything may be concluded.</summary>
    public const int SamplesMin = 16;

    private const int SamplesMax = 1_024;
    private const int BucketsPerDoubling = 8;
    private const int Buckets = 17 * BucketsPerDoubling;   // from 1 ms to 131 s
    private const int ReadEvery = 16;

    private readonly int[] _counts = new int[Buckets];
    private int _total;
    private int _unread;

    /// <summary>True once there are enough samples.</summary>
    public bool IsKnown => _total >= SamplesMin;

    /// <summary>Half of the answers take no longer, per weight.</summary>
    public TimeSpan Median { get; private set; }

    /// <summary>Four of five answers take no longer, per weight.</summary>
    public TimeSpan MostTake { get; private set; }

    /// <summary>Nineteen of twenty answers take no longer, per weight.</summary>
    public TimeSpan NearlyAllTake { get; private set; }

    /// <summary>Takes one answer into account.</summary>
    /// <param name="perWeight">From asking to the answer, divided by its weight.</param>
    public void Add(TimeSpan perWeight)
    {
        double doublings = Math.Log2(Math.Max(1, perWeight.TotalMilliseconds));
        _counts[Math.Min(Buckets - 1, (int)(doublings * BucketsPerDoubling))]++;
        if (++_total > SamplesMax) Halve();
        if (++_unread < ReadEvery && Median > TimeSpan.Zero) return;
        _unread = 0;
        Median = Percentile(0.5);
        MostTake = Percentile(0.8);
        NearlyAllTake = Percentile(0.95);
    }

    private TimeSpan Percentile(double share)
    {
        int left = (int)Math.Ceiling(_total * share);
        int bucket = 0;
        while (bucket < Buckets - 1 && (left -= _counts[bucket]) > 0) bucket++;
        return TimeSpan.FromMilliseconds(Math.Pow(2, (bucket + 0.5) / BucketsPerDoubling));
    }

    private void Halve()
    {
        _total = 0;
        for (int i = 0; i < Buckets; i++) _total += _counts[i] /= 2;
    }
}
