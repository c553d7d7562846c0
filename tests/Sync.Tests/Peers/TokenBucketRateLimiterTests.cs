using System.Threading.RateLimiting;
using TokenBucketRateLimiter = OpSync.Sync.Peers.TokenBucketRateLimiter;

namespace OpSync.Sync.Tests.Peers;

public sealed class TokenBucketRateLimiterTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Attempt_beyond_the_burst_fails_with_the_time_to_retry()
    {
        using TokenBucketRateLimiter limiter = new(2, 3, TimeSpan.FromSeconds(5), _time);
        Assert.True(limiter.AttemptAcquire(3).IsAcquired);
        using RateLimitLease lease = limiter.AttemptAcquire();
        Assert.False(lease.IsAcquired);
        Assert.True(lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after));
        Assert.Equal(TimeSpan.FromMilliseconds(500), after);
        RateLimiterStatistics statistics = limiter.GetStatistics()!;
        Assert.Equal((1, 1, 0), (statistics.TotalSuccessfulLeases, statistics.TotalFailedLeases, statistics.CurrentAvailablePermits));
    }

    [Fact(Timeout = 60_000)]
    public async Task Waiters_are_let_in_in_order_at_the_rate()
    {
        using TokenBucketRateLimiter limiter = new(1, 1, TimeSpan.FromSeconds(5), _time);
        Assert.True((await limiter.AcquireAsync(cancellationToken: TestContext.Current.CancellationToken)).IsAcquired);
        Task<RateLimitLease>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => limiter.AcquireAsync().AsTask())];
        Assert.Equal(3, limiter.GetStatistics()!.CurrentQueuedCount);
        for (int i = 0; i < 3; i++)
        {
            Assert.All(waiting[i..], task => Assert.False(task.IsCompleted));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.True((await waiting[i]).IsAcquired);
        }

        Assert.Equal(0, limiter.GetStatistics()!.CurrentQueuedCount);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(5), limiter.IdleDuration);
    }

    [Fact(Timeout = 60_000)]
    public async Task Wait_that_would_be_too_long_fails_at_once()
    {
        using TokenBucketRateLimiter limiter = new(1, 1, TimeSpan.FromSeconds(2), _time);
        Task<RateLimitLease>[] all = [.. Enumerable.Range(0, 4).Select(_ => limiter.AcquireAsync().AsTask())];
        Assert.True(all[3].IsCompleted);
        Assert.False((await all[3]).IsAcquired);
        Assert.False(all[2].IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await all[2]).IsAcquired);
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelled_waiter_gives_its_permit_back()
    {
        using TokenBucketRateLimiter limiter = new(1, 1, TimeSpan.FromSeconds(9), _time);
        Assert.True(limiter.AttemptAcquire().IsAcquired);
        using CancellationTokenSource cancel = new();
        Task<RateLimitLease> waiting = limiter.AcquireAsync(1, cancel.Token).AsTask();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(limiter.AttemptAcquire().IsAcquired);
    }

    [Fact(Timeout = 60_000)]
    public async Task Disposed_limiter_fails_its_waiters_and_refuses_newcomers()
    {
        TokenBucketRateLimiter limiter = new(1, 1, TimeSpan.FromSeconds(9), _time);
        Assert.True(limiter.AttemptAcquire().IsAcquired);
        Task<RateLimitLease> waiting = limiter.AcquireAsync().AsTask();
        limiter.Dispose();
        Assert.False((await waiting).IsAcquired);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => limiter.AcquireAsync().AsTask());
    }
}
