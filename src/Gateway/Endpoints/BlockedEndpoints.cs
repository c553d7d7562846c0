using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Contracts.Cluster;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>Who is kept out by every silo. Peers are blocked below <c>/v1/peers</c>, addresses and subnets here.</summary>
internal static class BlockedEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/blocked").WithTags("peers");
        group.MapGet("", ListAsync).RequireAuthorization(Policies.Read).Produces<PageJson<BlockedJson>>().WithProblems(400)
            .WithName("listBlocked").WithSummary("Peers, addresses and subnets that are kept out.");
        group.MapPost("", BlockAsync).RequireAuthorization(Policies.Admin).Produces<BlockedJson>().WithProblems(400, 409)
            .WithName("blockNetwork").WithSummary("Keeps an address or a subnet out for that many seconds, or until it is unblocked.");
        group.MapDelete("", UnblockAsync).RequireAuthorization(Policies.Admin).Produces(StatusCodes.Status204NoContent).WithProblems(400, 404)
            .WithName("unblockNetwork").WithSummary("Takes the block of exactly this address or subnet back.");
    }

    private static async Task<IResult> ListAsync(string? cursor, int? limit, IGrainFactory grains) =>
        Paging.Page((await grains.GetCluster().List()).Entries, e => e.Subject, cursor, limit, e => Task.FromResult<BlockedJson?>(Json.Map.Blocked(e))) is { } page
            ? TypedResults.Ok(await page)
            : Paging.BadLimit();

    private static async Task<IResult> BlockAsync(BlockPostJson body, IGrainFactory grains, TimeProvider time)
    {
        if (!NetworkText.TryParse(body.Network, out IPNetwork network)) return NoNetwork();
        if (body.Seconds is < 1) return Problem.Bad("bad-seconds", "seconds is 1 or more, or left out for a block without end.");
        KeptOut block = new(NetworkText.Write(network), IsPeer: false, body.Seconds is { } length ? time.GetUtcNow().AddSeconds(length) : null, [], ByOperator: true);
        return await grains.GetCluster().BlockNetwork(block.Subject, block.Until) == BlockVerdict.Done
            ? TypedResults.Ok(Json.Map.Blocked(block))
            : Problem.Of(StatusCodes.Status409Conflict, "blocked-full", "As many addresses and subnets are blocked as there is room for; unblock some, or block a subnet in the place of its addresses.");
    }

    private static async Task<IResult> UnblockAsync(string network, IGrainFactory grains)
    {
        if (!NetworkText.TryParse(network, out IPNetwork parsed)) return NoNetwork();
        string text = NetworkText.Write(parsed);
        return await grains.GetCluster().UnblockNetwork(text)
            ? TypedResults.NoContent()
            : Problem.NotFound("not-blocked", $"{text} is not blocked by an operator; /v1/blocked lists what is.");
    }

    private static IResult NoNetwork() => Problem.Bad("bad-network", "network is an IP address or a subnet: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32.");
}
