using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Security;

/// <summary>Requests per second of each caller; of a JSON-RPC batch each call is one. Refused requests are counted too, so that
/// guessing tokens is slow.</summary>
internal sealed class CallerRates : IDisposable
{
    private readonly GatewayLimits _limits;
    private readonly bool _hasCredentials;
    private readonly LimitMetrics _metrics;
    private readonly PartitionedRateLimiter<HttpContext> _limiter;

    public CallerRates(GatewaySettings settings, LimitMetrics metrics)
    {
        _limits = settings.Limits;
        _hasCredentials = settings.HasCredentials;
        _metrics = metrics;
        _limiter = PartitionedRateLimiter.Create<HttpContext, Caller>(context => RateLimitPartition.GetTokenBucketLimiter(Caller.Of(context), caller =>
        {
            int rate = RateOf(caller);
            return new TokenBucketRateLimiterOptions
            {
                TokenLimit = rate * 2,
                TokensPerPeriod = Math.Max(1, rate / 10),
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(rate >= 10 ? 100 : 1_000.0 / rate),
                QueueLimit = 0,
            };
        }));
    }

    /// <summary>Lets the server ask before each request.</summary>
    public void Configure(RateLimiterOptions options)
    {
        options.GlobalLimiter = _limiter;
        options.OnRejected = (rejected, _) => new ValueTask(RejectAsync(rejected));
    }

    /// <summary>Requests per second that a caller may make.</summary>
    public int RateOf(Caller caller) => HasTokenRate(caller) ? _limits.TokenRate : _limits.AnonymousRate;

    /// <summary>Counts one more call of a request that is under way.</summary>
    /// <returns>Whether the caller may make it.</returns>
    public bool TryTake(HttpContext context)
    {
        using RateLimitLease lease = _limiter.AttemptAcquire(context);
        if (!lease.IsAcquired) Refused(context);
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();

    /// <summary>Local callers are as good as those with a token while no token is configured.</summary>
    private bool HasTokenRate(Caller caller) => caller.HasToken || !_hasCredentials;

    private void Refused(HttpContext context)
    {
        if (HasTokenRate(Caller.Of(context))) _metrics.Refused(nameof(GatewayLimits.TokenRate));
        else _metrics.Refused(nameof(GatewayLimits.AnonymousRate));
    }

    private Task RejectAsync(OnRejectedContext rejected)
    {
        HttpContext context = rejected.HttpContext;
        Refused(context);
        context.Response.Headers.RetryAfter = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait)
            ? Math.Ceiling(wait.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture)
            : "1";
        return Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too-many-requests", "More requests than this caller may make; wait as long as Retry-After says.");
    }
}
