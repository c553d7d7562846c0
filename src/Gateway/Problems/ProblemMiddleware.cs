using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Problems;

/// <summary>Turns what goes wrong into problem documents: exceptions, and errors that the server answered without a body.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, LimitMetrics metrics, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer to.
            return;
        }
        catch (BadHttpRequestException e)
        {
            ServerRefusals.Count(metrics, e.StatusCode);
            await Problem.WriteAsync(context, e.StatusCode, Problem.CodeOf(e.StatusCode), BadRequestText.Of(context.Request, e));
            return;
        }
        catch (Exception e) when (Absence.Is(e))
        {
            Log.Unavailable(log, context.Request.Path, e);
            await FailAsync(context, StatusCodes.Status503ServiceUnavailable, "unavailable", "The service could not answer in time; try again.");
            return;
        }
        catch (Exception e)
        {
            Log.Failed(log, context.Request.Path, e);
            await FailAsync(context, StatusCodes.Status500InternalServerError, "internal", "An error of the service; its log has more.");
            return;
        }

        HttpResponse response = context.Response;
        if (response.StatusCode == StatusCodes.Status504GatewayTimeout) metrics.Refused(nameof(GatewayLimits.RequestTimeout));
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null)
        {
            await Problem.WriteAsync(context, response.StatusCode, Problem.CodeOf(response.StatusCode), DetailOf(context.Request, response.StatusCode));
        }
    }

    /// <summary>A stream that broke off must not look like one that ended.</summary>
    private static Task FailAsync(HttpContext context, int status, string code, string detail)
    {
        if (!context.Response.HasStarted) return Problem.WriteAsync(context, status, code, detail);
        context.Abort();
        return Task.CompletedTask;
    }

    private static string DetailOf(HttpRequest request, int status) => status switch
    {
        400 => BadRequestText.OfQuery(request) ?? "A part of the request has a value that this does not take; see /openapi/v1.json.",
        404 => "There is nothing here; see /openapi/v1.json.",
        405 => "This takes another method; see /openapi/v1.json.",
        415 => "Send a body of type application/json.",
        504 => "It took longer than a request may.",
        _ => "The request cannot be answered.",
    };
}
