using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Json;

namespace OpSync.Gateway.Problems;

/// <summary>Errors as RFC 9457 problem documents: a stable code, a title, and a sentence for a person.</summary>
internal static class Problem
{
    public const string ContentType = "application/problem+json";

    /// <summary>Quotes stay quotes, for whoever reads it in a terminal; no browser takes the type for a page.</summary>
    private static readonly GatewayJson Readable = new(new JsonSerializerOptions(GatewayJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>What is not there.</summary>
    public static IResult NotFound(string code, string detail) => Of(StatusCodes.Status404NotFound, code, detail);

    /// <summary>What cannot be understood.</summary>
    public static IResult Bad(string code, string detail) => Of(StatusCodes.Status400BadRequest, code, detail);

    /// <summary>Any problem.</summary>
    public static IResult Of(int status, string code, string detail) => new ProblemResult(status, code, detail);

    /// <summary>Writes a problem; does nothing once the response has begun.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted) return Task.CompletedTask;
        response.StatusCode = status;
        response.ContentType = ContentType;
        ProblemJson body = new() { Type = $"urn:opsync:problem:{code}", Title = TitleOf(status), Status = status, Code = code, Detail = detail };
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(body, Readable.ProblemJson);
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    /// <summary>The code of an error that the server itself answered with.</summary>
    public static string CodeOf(int status) => status switch
    {
        400 => "bad-request",
        404 => "no-such-route",
        405 => "method-not-allowed",
        406 => "not-acceptable",
        408 => "too-slow",
        413 => "body-too-large",
        415 => "unsupported-media-type",
        429 => "too-many-requests",
        504 => "timeout",
        _ => "error",
    };

    private static string TitleOf(int status) => status switch
    {
        400 => "Bad request",
        401 => "Not authorised",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        406 => "Not acceptable",
        408 => "Request too slow",
        409 => "Conflict",
        413 => "Body too large",
        415 => "Unsupported media type",
        421 => "Misdirected request",
        422 => "Refused",
        429 => "Too many requests",
        503 => "Not available",
        504 => "Timed out",
        _ => "Internal error",
    };

    private sealed class ProblemResult(int status, string code, string detail) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, status, code, detail);
    }
}
