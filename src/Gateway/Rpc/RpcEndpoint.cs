using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace OpSync.Gateway.Rpc;

/// <summary>JSON-RPC over HTTP: reads the body within its limit, answers, and keeps the number of requests in memory bounded.</summary>
internal sealed class RpcEndpoint(RpcServer server, RpcSettings settings) : IDisposable
{
    private readonly Dictionary<ulong, RpcChain> _chains = settings.Chains.ToDictionary(c => c.ChainId);
    private readonly RpcGate _gate = new(settings.Limits.RequestsMax, settings.Limits.TurnTimeout);

    /// <summary>Handles <c>POST /rpc/{chainId}</c>.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        using ResponseBuffer answer = new(settings.Limits.ResponseBytesMax);
        HttpResponse response = context.Response;
        if (!ulong.TryParse(context.GetRouteValue("chainId") as string, NumberStyles.None, CultureInfo.InvariantCulture, out ulong chainId) || !_chains.TryGetValue(chainId, out RpcChain? chain))
        {
            await RefuseAsync(response, StatusCodes.Status404NotFound, "this chain is not served here");
            return;
        }

        // A web page of another origin cannot send this type without asking first.
        if (!IsJson(context.Request.ContentType))
        {
            await RefuseAsync(response, StatusCodes.Status415UnsupportedMediaType, "the content type is application/json");
            return;
        }

        using IDisposable? place = await _gate.EnterAsync(context.RequestAborted);
        if (place is null)
        {
            response.Headers.RetryAfter = "1";
            await RefuseAsync(response, StatusCodes.Status503ServiceUnavailable, "too many requests at a time");
            return;
        }

        bool? isAdmin = null;
        async ValueTask<bool> IsAdminAsync() => isAdmin ??= await AuthorizeAsync(context);
        async ValueTask<bool> MayChangeAsync()
        {
            if (!await IsAdminAsync()) return false;
            context.Items[RpcReadsByPost.Changed] = true;
            return true;
        }

        // Only administrators post payloads; all other calls are short.
        bool isLong = context.Request.ContentLength is not { } length || length > settings.Limits.BodyBytesMax;
        int bodyMax = isLong && await IsAdminAsync() ? settings.Limits.PostBodyBytesMax : settings.Limits.BodyBytesMax;

        // The server counts the framing of chunks too, up to five bytes for each byte; the exact limit is kept below.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = 8L * bodyMax;

        byte[]? body = null;
        try
        {
            (body, int bodyLength) = await ReadAsync(context.Request, bodyMax, context.RequestAborted);
            if (body is null)
            {
                await RefuseAsync(response, StatusCodes.Status413PayloadTooLarge, $"the body is larger than {bodyMax} bytes");
                return;
            }

            await server.AnswerAsync(chain, body.AsMemory(0, bodyLength), answer, MayChangeAsync, context.RequestAborted);
        }
        finally
        {
            if (body is not null) ArrayPool<byte>.Shared.Return(body);
        }

        if (answer.Length == 0)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = answer.Length;
        await response.Body.WriteAsync(answer.Written, context.RequestAborted);
    }

    public void Dispose() => _gate.Dispose();

    private async Task<bool> AuthorizeAsync(HttpContext context) =>
        context.RequestServices.GetService<IAuthorizationService>() is { } authorization
        && (await authorization.AuthorizeAsync(context.User, context, settings.AdminPolicy)).Succeeded;

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>The body in rented memory; null where it is larger than the limit.</summary>
    private static async Task<(byte[]? Body, int Length)> ReadAsync(HttpRequest request, int bytesMax, CancellationToken aborted)
    {
        if (request.ContentLength > bytesMax) return (null, 0);
        while (true)
        {
            ReadResult read = await request.BodyReader.ReadAsync(aborted);
            if (read.Buffer.Length > bytesMax)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (null, 0);
            }

            if (!read.IsCompleted)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            int length = (int)read.Buffer.Length;
            byte[] body = ArrayPool<byte>.Shared.Rent(Math.Max(1, length));
            read.Buffer.CopyTo(body);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return (body, length);
        }
    }

    private static Task RefuseAsync(HttpResponse response, int status, string why)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        return response.WriteAsync($"{{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{{\"code\":-32600,\"message\":\"{why}\"}}}}");
    }
}
