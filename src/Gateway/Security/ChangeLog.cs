using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Rpc;

namespace OpSync.Gateway.Security;

/// <summary>Logs who changed what. Reads are not logged, tokens never.</summary>
internal sealed class ChangeLog(RequestDelegate next, ILogger<ChangeLog> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        await next(context);
        HttpRequest request = context.Request;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method) || !RoutedAuthorization.IsRouted(context)) return;

        // Most of JSON-RPC reads, though all of it is posted; what changes something says so.
        List<string>? methods = context.Items[RpcReadsByPost.Changed] as List<string>;
        if (methods is null && context.GetEndpoint()?.Metadata.GetMetadata<RpcReadsByPost>() is not null) return;
        string name = context.User.FindFirst(BearerHandler.NameClaim)?.Value ?? "local caller";
        string scopes = string.Join(' ', context.User.FindAll(BearerHandler.ScopeClaim).Select(c => c.Value));
        Log.Changed(log, name, scopes, request.Method, methods is null ? request.Path.Value! : $"{request.Path} {string.Join(' ', methods)}", context.Response.StatusCode);
    }
}
