using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using OpSync.Gateway.Endpoints;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Page;

/// <summary>The dashboard at <c>/</c>. Its files tell nothing of the service and need no token; what it shows it asks of the REST
/// interface, as any other caller.</summary>
public static class PageEndpoints
{
    /// <summary>Own files only, nothing inline, and no text becomes markup or script (CSP level 3; W3C Trusted Types).</summary>
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Maps <c>/</c> and <c>/page/*</c>.</summary>
    public static IEndpointRouteBuilder MapOpSyncPage(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], static (HttpContext context) => Send(context, PageAssets.Index))
            .AllowAnonymous().ExcludeFromDescription();
        routes.MapMethods("/page/{name}", [HttpMethods.Get, HttpMethods.Head], static (string name, HttpContext context) => Send(context, name))
            .AllowAnonymous().ExcludeFromDescription();
        return routes;
    }

    private static IResult Send(HttpContext context, string name)
    {
        if (!PageAssets.All.TryGetValue(name, out PageAsset? asset)) return Problem.NotFound("no-such-file", $"The page has no file '{Texts.Short(name)}'.");
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

        // Asked for again each time, so that a new version is never mixed with an old one; an unchanged file costs a 304.
        headers.CacheControl = "no-cache";
        FileContentHttpResult file = TypedResults.File(asset.Bytes, asset.ContentType, entityTag: EntityTagHeaderValue.Parse(asset.ETag));
        return file;
    }
}
