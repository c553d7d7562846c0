using System.Threading.RateLimiting;

namespace OpSync.Sync.Peers;

/// <summary>Offers a <see cref="TokenBucket"/> to shells as a <see cref="RateLimiter"/>.</summary>
/// <remarks>Thread-safe, and never holds its lock while anybody waits. A wait that would be longer than allowed fails at once with
/// <see cref="MetadataName.RetryAfter"/>; so at most <c>rate x waitMax</c> permits are waited for, in order of arrival.</remarks>
/// <param name="rate">Permits per second.</param>
/// <param name="burst">Permits at once.</param>
/// <param name="waitMax">Longest wait of an asynchronous acquisition.</param>
/// <param name="time">Clock and timers.</param>
public sealed class TokenBucketRateLimiter(double rate, int burst, TimeSpan waitMax, TimeProvider time) : RateLimiter
{
    private static readonly RateLimitLease s_granted = new Lease(true, null);
    private static readonly RateLimitLease s_closed = new Lease(false, null);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly TokenBucket _bucket = new(rate, burst, TimeSpan.Zero);
    private readonly CancellationTokenSource _closed = new();
    private TimeSpan _lastUse;
    private long _waiting;
    private long _granted;
    private long _refused;
    private bool _disposed;

    /// <inheritdoc/>
    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
            {
                TimeSpan now = Now;
                return _waiting == 0 && _bucket.IsFull(now) ? now - _lastUse : null;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <inheritdoc/>
    public override RateLimiterStatistics? GetStatistics()
    {
        lock (_lock)
        {
            return new RateLimiterStatistics
            {
                CurrentAvailablePermits = _bucket.Available(Now),
                CurrentQueuedCount = _waiting,
                TotalSuccessfulLeases = _granted,
                TotalFailedLeases = _refused,
            };
        }
    }

    /// <inheritdoc/>
    protected override RateLimitLease AttemptAcquireCore(int permitCount) => Acquire(permitCount, TimeSpan.Zero, out _);

    /// <inheritdoc/>
    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RateLimitLease lease = Acquire(permitCount, waitMax, out TimeSpan wait);
        if (wait == TimeSpan.Zero || !lease.IsAcquired) return lease;

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        bool waited = false;
        try
        {
            await Task.Delay(wait, time, either.Token).ConfigureAwait(false);
            waited = true;
            return lease;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return s_closed;
        }
        finally
        {
            lock (_lock)
            {
                _waiting -= permitCount;
                if (!waited)
                {
                    _bucket.GiveBack(permitCount, Now);
                    _granted--;
                    _refused++;
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
        }

        // Not disposed: a waiter may be about to link to it, and without a timer of its own it holds nothing.
        _closed.Cancel();
    }

    private RateLimitLease Acquire(int permitCount, TimeSpan longest, out TimeSpan wait)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(permitCount, _bucket.Burst);
            TimeSpan now = Now;
            _lastUse = now;
            if (!_bucket.TryReserve(permitCount, now, longest, out wait))
            {
                _refused++;
                return new Lease(false, wait);
            }

            _granted++;
            if (wait > TimeSpan.Zero) _waiting += permitCount;
            return s_granted;
        }
    }

    private sealed class Lease(bool isAcquired, TimeSpan? retryAfter) : RateLimitLease
    {
        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => retryAfter is null ? [] : [MetadataName.RetryAfter.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == MetadataName.RetryAfter.Name ? retryAfter : null;
            return metadata is not null;
        }
    }
}
