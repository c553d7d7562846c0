using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>Peers: whom blocks are asked of.</summary>
internal static class PeerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/peers").WithTags("peers");
        group.MapGet("", ListAsync).WithHead().RequireAuthorization(Policies.Read).Produces<PageJson<PeerJson>>().WithProblems(400, 404)
            .WithName("listPeers").WithSummary("Peers with score, ledger and counters.");
        group.MapGet("/{peer}", ShowAsync).WithHead().RequireAuthorization(Policies.Read).Produces<PeerJson>().WithProblems(404)
            .WithName("showPeer").WithSummary("One peer.");
        group.MapPost("", AddAsync).RequireAuthorization(Policies.Admin).AddEndpointFilter<IdempotencyFilter>()
            .Produces<PeerJson>(StatusCodes.Status201Created).WithProblems(400, 404)
            .WithName("addPeer").WithSummary("Makes a peer known and connects to it.");
        group.MapDelete("/{peer}", RemoveAsync).RequireAuthorization(Policies.Admin).Produces(StatusCodes.Status204NoContent).WithProblems(404, 409)
            .WithName("removePeer").WithSummary("Forgets a peer on every chain. Its ban, if it has one, stays.");
        group.MapPost("/{peer}/block", BlockAsync).RequireAuthorization(Policies.Admin).Produces<PeerJson>().WithProblems(400, 404)
            .WithName("blockPeer").WithSummary("Keeps a peer out for that many seconds, or until it is unblocked.");
        group.MapPost("/{peer}/unblock", UnblockAsync).RequireAuthorization(Policies.Admin).Produces<PeerJson>().WithProblems(404)
            .WithName("unblockPeer").WithSummary("Lifts a block, a ban and a rest, and forgives.");
        group.MapPost("/{peer}/protect", ProtectAsync).RequireAuthorization(Policies.Admin).Produces<PeerJson>().WithProblems(404)
            .WithName("protectPeer").WithSummary("Rests a peer where it would be banned.");
        group.MapPost("/{peer}/unprotect", UnprotectAsync).RequireAuthorization(Policies.Admin).Produces<PeerJson>().WithProblems(404)
            .WithName("unprotectPeer").WithSummary("Takes a protection back.");
    }

    private static async Task<IResult> ListAsync(string? chain, string? cursor, int? limit, GatewayChains chains, IGrainFactory grains)
    {
        if (chain is not null && chains.Find(chain) is null) return ChainEndpoints.NoChain(chain);
        HashSet<string> ids = [];
        foreach (GatewayChain one in chain is null ? chains.All : [chains.Find(chain)!]) ids.UnionWith((await grains.GetChain(one.ChainId).GetReport()).PeerIds);
        return Paging.Page(ids, id => id, cursor, limit, async id => Json.Map.Peer(await grains.GetPeer(id).GetReport())) is { } page
            ? TypedResults.Ok(await page)
            : Paging.BadLimit();
    }

    private static async Task<IResult> ShowAsync(string peer, GatewayChains chains, IGrainFactory grains) =>
        await IsKnownAsync(peer, chains, grains) ? TypedResults.Ok(Json.Map.Peer(await grains.GetPeer(peer).GetReport())) : NoPeer(peer);

    private static async Task<IResult> AddAsync(PeerPostJson body, GatewayChains chains, IGrainFactory grains)
    {
        if (chains.Find(body.Chain) is not { } chain) return ChainEndpoints.NoChain(body.Chain);
        if (PeerAddress.PeerIdOf(body.Address) is not { } id)
        {
            return Problem.Bad("bad-address", "address is a TCP multiaddr that ends in the peer id: /ip4/10.0.0.7/tcp/9222/p2p/16Uiu2HA...");
        }

        PeerReport report = await grains.GetPeer(id).Configure(new PeerSetup(chain.ChainId, [body.Address], Configured: false));
        return TypedResults.Created($"/v1/peers/{id}", Json.Map.Peer(report));
    }

    private static async Task<IResult> RemoveAsync(string peer, GatewayChains chains, IGrainFactory grains)
    {
        if (!await IsKnownAsync(peer, chains, grains)) return NoPeer(peer);
        if (!await grains.GetPeer(peer).Forget())
        {
            return Problem.Of(StatusCodes.Status409Conflict, "peer-configured", "The configuration names this peer; take it out there.");
        }

        foreach (GatewayChain chain in chains.All) await grains.GetChain(chain.ChainId).ForgetPeer(peer);
        return TypedResults.NoContent();
    }

    /// <summary>A stranger can be blocked too: its id is enough.</summary>
    private static async Task<IResult> BlockAsync(string peer, int? seconds, HttpRequest request, IGrainFactory grains, TimeProvider time)
    {
        if (!PeerAddress.IsPeerId(peer)) return Problem.Bad("bad-peer", $"'{Texts.Short(peer)}' is no base58 peer id.");

        // Who sends a time in a body must not get a block without end.
        if (request.ContentLength > 0) return Problem.Bad("bad-body", "This takes no body: seconds goes into the query.");
        if (seconds is < 1) return Problem.Bad("bad-seconds", "seconds is 1 or more, or left out for a block without end.");
        DateTimeOffset? until = seconds is { } length ? time.GetUtcNow().AddSeconds(length) : null;
        return TypedResults.Ok(Json.Map.Peer(await grains.GetPeer(peer).Block(until)));
    }

    private static Task<IResult> UnblockAsync(string peer, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(peer, chains, grains, static p => p.Unblock());

    private static Task<IResult> ProtectAsync(string peer, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(peer, chains, grains, static p => p.Protect(true));

    private static Task<IResult> UnprotectAsync(string peer, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(peer, chains, grains, static p => p.Protect(false));

    private static async Task<IResult> ChangeAsync(string peer, GatewayChains chains, IGrainFactory grains, Func<IPeerGrain, Task<PeerReport>> change) =>
        await IsKnownAsync(peer, chains, grains) ? TypedResults.Ok(Json.Map.Peer(await change(grains.GetPeer(peer)))) : NoPeer(peer);

    private static Task<bool> IsKnownAsync(string peer, GatewayChains chains, IGrainFactory grains) =>
        KnownPeers.HasAsync(grains, chains.All.Select(c => c.ChainId), peer);

    private static IResult NoPeer(string peer) => Problem.NotFound("no-such-peer", $"No chain knows a peer '{Texts.Short(peer)}', and it is not kept out.");
}
