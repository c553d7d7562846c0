using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Endpoints;

/// <summary>What most routes have in common.</summary>
internal static class RouteExtensions
{
    /// <summary>Has a route that is read with GET take HEAD as well, with which monitors ask. Not for streams: they would not end.</summary>
    public static RouteHandlerBuilder WithHead(this RouteHandlerBuilder route)
    {
        route.Add(static built =>
        {
            foreach (object methods in built.Metadata.Where(static m => m is IHttpMethodMetadata).ToArray()) built.Metadata.Remove(methods);
            built.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
        });
        return route;
    }

    /// <summary>Documents the errors of a route, besides those that every route has.</summary>
    public static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (int status in statuses) route.Produces<ProblemJson>(status, Problem.ContentType);
        return route;
    }
}
