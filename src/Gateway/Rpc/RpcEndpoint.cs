using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Rpc;

/// <summary>JSON-RPC over HTTP: reads the body within its limits, has it answered, and keeps what all requests hold in memory bounded.</summary>
internal sealed class RpcEndpoint
{
    private readonly RpcServer _server;
    private readonly RpcSettings _settings;
    private readonly CallerRates _rates;
    private readonly TimeProvider _time;
    private readonly LimitMetrics _metrics;
    private readonly Dictionary<ulong, RpcChain> _chains;
    private readonly ByteBudget _bodies;
    private readonly ByteBudget _answers;

    public RpcEndpoint(RpcServer server, RpcSettings settings, CallerRates rates, TimeProvider time, LimitMetrics metrics)
    {
        _server = server;
        _settings = settings;
        _rates = rates;
        _time = time;
        _metrics = metrics;
        RpcLimits limits = settings.Limits;
        _chains = settings.Chains.ToDictionary(c => c.ChainId);
        _bodies = new ByteBudget(limits.BodiesBytesMax, limits.CallerBodiesBytesMax);
        _answers = new ByteBudget(limits.AnswersBytesMax, limits.CallerAnswersBytesMax);
        metrics.Watch(nameof(RpcLimits.BodiesBytesMax), () => _bodies.Used, limits.BodiesBytesMax);
        metrics.Watch(nameof(RpcLimits.AnswersBytesMax), () => _answers.Used, limits.AnswersBytesMax);
    }

    /// <summary>Handles <c>POST /rpc/{chainId}</c>.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!ulong.TryParse(context.GetRouteValue("chainId") as string, NumberStyles.None, CultureInfo.InvariantCulture, out ulong chainId) || !_chains.TryGetValue(chainId, out RpcChain? chain))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "this chain is not served here");
            return;
        }

        // A web page of another origin cannot send this type without asking first.
        if (!IsJson(context.Request.ContentType))
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, "the content type is application/json");
            return;
        }

        bool? isAdmin = null;
        async ValueTask<bool> IsAdminAsync() => isAdmin ??= await AuthorizeAsync(context);
        List<string> changes = [];
        async ValueTask<bool> MayChangeAsync(string method)
        {
            if (!await IsAdminAsync()) return false;
            if (!changes.Contains(method)) changes.Add(method);
            context.Items[RpcReadsByPost.Changed] = changes;
            return true;
        }

        // Only administrators post payloads; all other calls are short.
        bool isLong = (context.Request.ContentLength is not { } length || length > _settings.Limits.BodyBytesMax) && await IsAdminAsync();
        Caller id = Caller.Of(context);
        using RequestBody body = new(_bodies, id, isLong ? _settings.Limits.PostBodyBytesMax : _settings.Limits.BodyBytesMax);
        if (!await ReadAsync(context, body, isLong)) return;

        RpcCaller caller = new(id, MayChangeAsync, () => _rates.TryTake(context), _rates.RateOf(id), context.RequestAborted);
        await AnswerAsync(context, chain, body, caller);
    }

    private async Task AnswerAsync(HttpContext context, RpcChain chain, RequestBody body, RpcCaller caller)
    {
        HttpResponse response = context.Response;
        using AnswerBuffer answer = new(_answers, caller.Id, _settings.Limits.ResponseBytesMax, response.Body);
        response.ContentType = "application/json";
        try
        {
            await _server.AnswerAsync(chain, body, answer, caller);
            if (!response.HasStarted && answer.Length == 0)
            {
                response.ContentType = null;
                response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            if (!response.HasStarted) response.ContentLength = answer.Length;
            await answer.SendAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (response.HasStarted)
        {
            // It took too long, or its caller went. What was begun must not look complete.
            if (context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true) _metrics.Refused(nameof(GatewayLimits.RequestTimeout));
            context.Abort();
        }
    }

    /// <summary>Reads the body, or answers what is wrong with it.</summary>
    private async Task<bool> ReadAsync(HttpContext context, RequestBody body, bool isLong)
    {
        RpcLimits limits = _settings.Limits;
        int bytesMax = isLong ? limits.PostBodyBytesMax : limits.BodyBytesMax;

        // The server counts the framing of chunks too, up to five bytes for each byte; the exact limit is kept here.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = 8L * bytesMax;
        RequestBody.Outcome outcome = context.Request.ContentLength > bytesMax
            ? RequestBody.Outcome.TooLong
            : await body.ReadAsync(context.Request.BodyReader, isLong ? limits.PostBodyTimeout : limits.BodyTimeout, _time);
        switch (outcome)
        {
            case RequestBody.Outcome.TooLong:
                _metrics.Refused(isLong ? nameof(RpcLimits.PostBodyBytesMax) : nameof(RpcLimits.BodyBytesMax));
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, $"the body is larger than {bytesMax} bytes");
                return false;
            case RequestBody.Outcome.NoRoom:
                _metrics.Refused(nameof(RpcLimits.BodiesBytesMax));
                context.Response.Headers.RetryAfter = "1";
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "more bodies come in than this service holds at a time");
                return false;
            case RequestBody.Outcome.TooSlow:
                _metrics.Refused(isLong ? nameof(RpcLimits.PostBodyTimeout) : nameof(RpcLimits.BodyTimeout));
                context.Response.Headers.Connection = "close";   // else the server would wait for the rest
                await RefuseAsync(context, StatusCodes.Status408RequestTimeout, "the body did not come in time");
                return false;
            default:
                return true;
        }
    }

    private async Task<bool> AuthorizeAsync(HttpContext context) =>
        context.RequestServices.GetService<IAuthorizationService>() is { } authorization
        && (await authorization.AuthorizeAsync(context.User, context, _settings.AdminPolicy)).Succeeded;

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync($"{{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{{\"code\":-32600,\"message\":\"{why}\"}}}}");
    }
}
