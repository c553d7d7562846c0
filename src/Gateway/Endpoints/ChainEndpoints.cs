using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Rpc.Sources;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>Chains and their anchors.</summary>
internal static class ChainEndpoints
{
    private const int AnchorsShown = 100;
    private const int IslandsShown = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/chains").WithTags("chains");
        group.MapGet("", ListAsync).WithHead().RequireAuthorization(Policies.Read).Produces<PageJson<ChainJson>>()
            .WithName("listChains").WithSummary("Chains with their heads.");
        group.MapGet("/{chain}", ShowAsync).WithHead().RequireAuthorization(Policies.Read).Produces<ChainDetailJson>().WithProblems(404)
            .WithName("showChain").WithSummary("A chain: heads, anchors, stored runs, sources, ranges and peers.");
        group.MapGet("/{chain}/anchors", ListAnchorsAsync).WithHead().RequireAuthorization(Policies.Read).Produces<PageJson<AnchorJson>>().WithProblems(400, 404)
            .WithName("listAnchors").WithSummary("What is trusted of a chain, highest first.");
        group.MapPost("/{chain}/anchors", PostAnchorAsync).RequireAuthorization(Policies.Admin).AddEndpointFilter<IdempotencyFilter>()
            .Produces<AnchorJson>(StatusCodes.Status201Created).WithProblems(400, 404, 409, 422)
            .WithName("postAnchor").WithSummary("Adds a trusted block. Its rank is configured, unless a higher one is claimed.");
    }

    private static async Task<IResult> ListAsync(GatewayChains chains, ChainViews views)
    {
        List<ChainJson> items = [];
        foreach (GatewayChain chain in chains.All) items.Add((await views.GetAsync(chain)).Chain);
        return TypedResults.Ok(new PageJson<ChainJson>([.. items], null));
    }

    private static async Task<IResult> ShowAsync(string chain, GatewayChains chains, ChainViews views, TrustedSources sources)
    {
        if (chains.Find(chain) is not { } found) return NoChain(chain);
        ChainView view = await views.GetAsync(found);
        return TypedResults.Ok(new ChainDetailJson
        {
            Chain = view.Chain,
            Genesis = Json.Map.Block(found.Spec.Genesis),
            Anchors = [.. view.Report.Anchors.Take(AnchorsShown).Select(Json.Map.Anchor)],
            Islands = [.. view.Islands.TakeLast(IslandsShown).Select(Json.Map.Island)],
            IslandCount = view.Islands.Length,
            Sources = found.Rpc.Source is { } source ? [SourceOf(source, sources.Find(found.ChainId, out string problem) is null ? problem : null)] : [],
            OpenRanges = [.. view.Report.RangeIds.Select(r => RangeName.Format(found.ChainId, r))],
            Peers = view.Report.PeerIds,
            UsablePeers = view.Report.UsablePeerIds,
        });
    }

    /// <summary>Without path and user: access keys lie there.</summary>
    private static SourceJson SourceOf(TrustedSourceSettings source, string? problem) =>
        new() { Kind = Json.Map.CamelCase(source.Kind.ToString()), Host = source.Url.Authority, Problem = problem };

    private static async Task<IResult> ListAnchorsAsync(string chain, string? cursor, int? limit, GatewayChains chains, IGrainFactory grains)
    {
        if (chains.Find(chain) is not { } found) return NoChain(chain);
        ChainReport report = await grains.GetChain(found.ChainId).GetReport();
        return Paging.Page(
            report.Anchors, a => a.Block.Number.ToString("D20", System.Globalization.CultureInfo.InvariantCulture), cursor, limit,
            a => Task.FromResult<AnchorJson?>(Json.Map.Anchor(a))) is { } page
            ? TypedResults.Ok(await page)
            : Paging.BadLimit();
    }

    private static async Task<IResult> PostAnchorAsync(string chain, AnchorJson body, GatewayChains chains, IGrainFactory grains)
    {
        if (chains.Find(chain) is not { } found) return NoChain(chain);
        if (!Hash32.TryParse(body.Hash, out Hash32 hash)) return Problem.Bad("bad-hash", "hash is not 0x and 64 hex digits.");
        if (body.Number >= long.MaxValue) return Problem.Bad("bad-number", $"number {body.Number} is beyond every chain.");
        if (Json.Map.Rank(body.Rank) is not { } rank || rank == Json.Map.CallerRank)
        {
            return Problem.Bad("bad-rank", "rank is one of signed, configured, safe and finalized.");
        }

        BlockId block = new(body.Number, hash);
        if (FindGenesisFault(found, block) is { } fault) return fault;
        AnchorPosted posted = await grains.GetChain(found.ChainId).PostAnchor(new AnchorInfo(block, rank));
        if (posted.Accepted) return TypedResults.Created($"/v1/chains/{found.ChainId}/anchors", body with { Hash = hash.ToString() });
        return posted.Conflict is { } other
            ? Problem.Of(StatusCodes.Status409Conflict, "anchor-conflict", $"Another anchor of equal or higher rank stands at height {body.Number}: {other}.")
            : Problem.Of(StatusCodes.Status422UnprocessableEntity, "anchors-full", "As many anchors as are kept outrank this one or lie above it.");
    }

    /// <summary>Why a block cannot be of the chain, as far as its genesis tells; null if it can.</summary>
    public static IResult? FindGenesisFault(GatewayChain chain, BlockId block)
    {
        BlockId genesis = chain.Spec.Genesis;
        if (block.Number < genesis.Number) return Problem.Bad("bad-number", $"Block {block.Number} is below the genesis block {genesis.Number}.");
        return block.Number == genesis.Number && block != genesis
            ? Problem.Of(StatusCodes.Status409Conflict, "anchor-conflict", $"The genesis block {genesis.Number} of this chain is {genesis.Hash}.")
            : null;
    }

    /// <summary>A chain that is not served here.</summary>
    public static IResult NoChain(string chain) => Problem.NotFound("no-such-chain", $"Chain '{Texts.Short(chain)}' is not configured here; GET /v1/chains lists those that are.");
}
