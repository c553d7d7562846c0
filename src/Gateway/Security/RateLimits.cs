using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Security;

/// <summary>Requests per second of each caller. Refused requests are counted too, so that guessing tokens is slow.</summary>
internal static class RateLimits
{
    public static void Configure(RateLimiterOptions options, GatewaySettings settings)
    {
        GatewayLimits limits = settings.Limits;
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, int>(context =>
        {
            Caller caller = Caller.Of(context);
            return RateLimitPartition.GetTokenBucketLimiter(caller.Place, place =>
            {
                int rate = place >= Caller.PlacesMax || !settings.HasCredentials ? limits.TokenRate : limits.AnonymousRate;
                return new TokenBucketRateLimiterOptions
                {
                    TokenLimit = rate * 2,
                    TokensPerPeriod = Math.Max(1, rate / 10),
                    ReplenishmentPeriod = TimeSpan.FromMilliseconds(rate >= 10 ? 100 : 1_000.0 / rate),
                    QueueLimit = 0,
                };
            });
        });
        options.OnRejected = static (rejected, _) => new ValueTask(RejectAsync(rejected));
    }

    private static Task RejectAsync(OnRejectedContext rejected)
    {
        HttpContext context = rejected.HttpContext;
        context.Response.Headers.RetryAfter = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait)
            ? Math.Ceiling(wait.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture)
            : "1";
        return Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too-many-requests", "More requests than this caller may make; wait as long as Retry-After says.");
    }
}
