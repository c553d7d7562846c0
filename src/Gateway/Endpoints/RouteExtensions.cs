using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Endpoints;

/// <summary>What most routes have in common.</summary>
internal static class RouteExtensions
{
    /// <summary>Documents the errors of a route, besides those that every route has.</summary>
    public static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (int status in statuses) route.Produces<ProblemJson>(status, Problem.ContentType);
        return route;
    }
}
