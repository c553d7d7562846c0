using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Rpc;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Security;

/// <summary>Has the body of a request here before anything is done with it, or ends the request: the server's own limit on slow
/// senders forgives one who sent much at first. JSON-RPC reads its bodies itself.</summary>
internal sealed class BodyGuard(RequestDelegate next, GatewayLimits limits, TimeProvider time, LimitMetrics metrics)
{
    private readonly ByteBudget _bodies = new(limits.BodiesBytesMax, limits.CallerBodiesBytesMax);

    public async Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        if (!hasBody || !RoutedAuthorization.IsRouted(context) || context.GetEndpoint()?.Metadata.GetMetadata<RpcReadsByPost>() is not null)
        {
            await next(context);
            return;
        }

        using RequestBody body = new(_bodies, Caller.Of(context), limits.BodyBytesMax);
        switch (await body.ReadAsync(request.BodyReader, limits.BodyTimeout, time))
        {
            case RequestBody.Outcome.TooLong:
                metrics.Refused(nameof(GatewayLimits.BodyBytesMax));
                await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, "body-too-large", $"The body is larger than {limits.BodyBytesMax} bytes.");
                return;
            case RequestBody.Outcome.NoRoom:
                metrics.Refused(nameof(GatewayLimits.BodiesBytesMax));
                context.Response.Headers.RetryAfter = "1";
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "busy", "More bodies come in than are held at a time; try again.");
                return;
            case RequestBody.Outcome.TooSlow:
                metrics.Refused(nameof(GatewayLimits.BodyTimeout));
                context.Response.Headers.Connection = "close";   // else the server would wait for the rest
                await Problem.WriteAsync(context, StatusCodes.Status408RequestTimeout, "too-slow", "The body did not come in time.");
                return;
            default:
                request.Body = new MemoryStream(body.Content.ToArray(), writable: false);
                await next(context);
                return;
        }
    }
}
