using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>The header <c>Idempotency-Key</c>: a post repeated with the same key and body gets the answer of the first one, and is
/// not carried out again.</summary>
internal sealed class IdempotencyFilter(IdempotencyCache cache) : IEndpointFilter
{
    public const string Header = "Idempotency-Key";
    private const int KeyLengthMax = 128;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        StringValues header = http.Request.Headers[Header];
        if (header.Count == 0) return await next(context);
        if (header is not [{ Length: > 0 and <= KeyLengthMax } key] || !Ascii.IsValid(key))
        {
            return Problem.Bad("bad-idempotency-key", $"{Header} is one text of 1 to {KeyLengthMax} ASCII characters.");
        }

        object? body = context.Arguments.FirstOrDefault(a => a is not null && a.GetType().Namespace == typeof(Json.GatewayJson).Namespace);
        IdempotencyCache.Name name = new(Caller.Of(http), http.Request.Path, key);
        if (await cache.RunAsync(name, body, async () => await next(context)) is { } first) return first;
        return Problem.Of(StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused", $"This {Header} was used with another body.");
    }
}
