using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using OpSync.Gateway.Live;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Endpoints;

/// <summary>Live events (server-sent events). A new subscriber first gets the state of everything; one that comes back with the
/// header Last-Event-ID gets what changed since. Where everything is told from the start, an event <c>reset</c> says so first.</summary>
internal static class LiveEndpoints
{
    private const string ContentType = "text/event-stream";
    private const int BatchMax = 64;

    public static void Map(IEndpointRouteBuilder routes)
    {
        Describe(routes.MapGet("/events", WatchServiceAsync)).WithName("watchService").WithSummary("Live: every chain, range and peer.");
        Describe(routes.MapGet("/chains/{chain}/events", WatchChainAsync)).WithName("watchChain").WithSummary("Live: a chain, its ranges and peers.");
        Describe(routes.MapGet("/ranges/{id}/events", WatchRangeAsync)).WithName("watchRange").WithSummary("Live: one range.");
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder route) => route
        .RequireAuthorization(Policies.Read).WithMetadata(new DisableRequestTimeoutAttribute()).WithTags("live")
        .Produces(200, contentType: ContentType).WithProblems(404, 429, 503);

    private static Task<IResult> WatchServiceAsync(HttpContext context, LiveFeeds feeds, GatewayLimits limits, LimitMetrics metrics, IHostApplicationLifetime lifetime) =>
        StreamAsync(context, feeds, limits, metrics, lifetime, LiveSubject.Service);

    private static Task<IResult> WatchChainAsync(
        string chain, HttpContext context, GatewayChains chains, LiveFeeds feeds, GatewayLimits limits, LimitMetrics metrics, IHostApplicationLifetime lifetime) =>
        chains.Find(chain) is { } found
            ? StreamAsync(context, feeds, limits, metrics, lifetime, new LiveSubject(found.ChainId, null))
            : Task.FromResult(ChainEndpoints.NoChain(chain));

    private static async Task<IResult> WatchRangeAsync(
        string id, HttpContext context, GatewayChains chains, IGrainFactory grains, LiveFeeds feeds, GatewayLimits limits, LimitMetrics metrics, IHostApplicationLifetime lifetime) =>
        await RangeEndpoints.FindAsync(id, chains, grains) is { } report
            ? await StreamAsync(context, feeds, limits, metrics, lifetime, new LiveSubject(report.ChainId, report.RangeId))
            : RangeEndpoints.NoRange(id);

    private static async Task<IResult> StreamAsync(
        HttpContext context, LiveFeeds feeds, GatewayLimits limits, LimitMetrics metrics, IHostApplicationLifetime lifetime, LiveSubject subject)
    {
        Caller caller = Caller.Of(context);
        switch (feeds.TryEnter(caller, subject, out LiveFeed? feed))
        {
            case CallerSlots.Verdict.CallerFull:
                metrics.Refused(nameof(GatewayLimits.CallerSubscribersMax));
                return Problem.Of(StatusCodes.Status429TooManyRequests, "too-many-subscribers", $"This caller has {limits.CallerSubscribersMax} streams of events open.");
            case CallerSlots.Verdict.Full:
                metrics.Refused(nameof(GatewayLimits.SubscribersMax));
                return Problem.Of(StatusCodes.Status503ServiceUnavailable, "too-many-subscribers", $"{limits.SubscribersMax} streams of events are open.");
            default:
                break;
        }

        try
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await SendAsync(context, feed!, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The subscriber went, or the process stops; either way the stream ends here.
        }
        finally
        {
            feeds.Leave(caller, feed!);
        }

        return TypedResults.Empty;
    }

    private static async Task SendAsync(HttpContext context, LiveFeed feed, CancellationToken cancellationToken)
    {
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        PipeWriter target = context.Response.BodyWriter;
        await target.WriteAsync("retry: 2000\n\n"u8.ToArray(), cancellationToken);
        long place = feed.Log.PlaceOf(context.Request.Headers["Last-Event-ID"].FirstOrDefault());
        if (place == 0) await target.WriteAsync(LiveEvent.Reset, cancellationToken);
        while (!feed.HasFailed)
        {
            Task changed = feed.Log.Changed;   // before the look: what comes after it wakes
            LiveEvent[] events = feed.Log.After(place, BatchMax);
            foreach (LiveEvent one in events)
            {
                // Waits for a slow reader here, and only here.
                await target.WriteAsync(one.Frame, cancellationToken);
                place = one.Sequence;
            }

            if (events.Length > 0) continue;
            await changed.WaitAsync(cancellationToken);
            if (feed.Log.After(place, 1) is []) await target.WriteAsync(":\n\n"u8.ToArray(), cancellationToken);
        }
    }
}
