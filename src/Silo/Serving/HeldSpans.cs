using OpSync.Codec.Bulk;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

/// <summary>The runs of heights that a store holds, looked up now and then: the look-up walks the whole index.</summary>
/// <remarks>A walk belongs to all who ask: whoever hangs up in the middle only stops waiting for it.</remarks>
/// <param name="store">What is walked.</param>
/// <param name="age">How long a walk is good for, at least.</param>
/// <param name="time">Clock.</param>
/// <param name="stopping">Ends a walk.</param>
internal sealed class HeldSpans(IBlockStore store, TimeSpan age, TimeProvider time, CancellationToken stopping)
{
    /// <summary>The look-up may take one part in so many of the time.</summary>
    private const int CostShare = 50;

    private readonly Lock _lock = new();
    private Task<HeldSpan[]>? _walk;
    private long _takenAt;
    private TimeSpan _validFor;

    /// <summary>What is held, as of a short while ago.</summary>
    /// <exception cref="IOException">The store failed; the next call tries again.</exception>
    public Task<HeldSpan[]> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            bool isUsable = _walk is { } walk && (!walk.IsCompleted || (walk.IsCompletedSuccessfully && time.GetElapsedTime(_takenAt) < _validFor));
            if (!isUsable) _walk = WalkAsync();   // stores read on threads of their own
            return _walk!.WaitAsync(cancellationToken);
        }
    }

    private async Task<HeldSpan[]> WalkAsync()
    {
        long started = time.GetTimestamp();
        IReadOnlyList<Island> islands = await store.GetIslandsAsync(new BlockRange(0, long.MaxValue), TrustRank.Signed, stopping).ConfigureAwait(false);
        HeldSpan[] spans = [.. islands.TakeLast(StatusReply.SpansMax).Select(i => new HeldSpan(i.Range.First, i.Range.Last))];
        lock (_lock)
        {
            _takenAt = time.GetTimestamp();
            TimeSpan cost = time.GetElapsedTime(started) * CostShare;
            _validFor = cost > age ? cost : age;
        }

        return spans;
    }
}
