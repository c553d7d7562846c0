using OpSync.Codec.Bulk;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

/// <summary>The runs of heights that a store holds, looked up now and then: the look-up walks the whole index.</summary>
internal sealed class HeldSpans(IBlockStore store, TimeSpan age, TimeProvider time)
{
    /// <summary>The look-up may take one part in so many of the time.</summary>
    private const int CostShare = 50;

    private readonly SemaphoreSlim _one = new(1, 1);
    private HeldSpan[] _spans = [];
    private long _takenAt;
    private TimeSpan _validFor = TimeSpan.MinValue;

    public async ValueTask<HeldSpan[]> GetAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (time.GetElapsedTime(_takenAt) < _validFor) return _spans;
            long started = time.GetTimestamp();
            IReadOnlyList<Island> islands = await store.GetIslandsAsync(new BlockRange(0, long.MaxValue), TrustRank.Signed, cancellationToken).ConfigureAwait(false);

            _spans = [.. islands.TakeLast(StatusReply.SpansMax).Select(i => new HeldSpan(i.Range.First, i.Range.Last))];
            _takenAt = time.GetTimestamp();
            TimeSpan cost = time.GetElapsedTime(started) * CostShare;
            _validFor = cost > age ? cost : age;
            return _spans;
        }
        finally
        {
            _one.Release();
        }
    }
}
