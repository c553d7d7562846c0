using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Endpoints;

/// <summary>Ranges: what is to be fetched, and how far it is.</summary>
internal static class RangeEndpoints
{
    private const int PriorityMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/ranges").WithTags("ranges");
        group.MapPost("", PostAsync).RequireAuthorization(Policies.Sync).AddEndpointFilter<IdempotencyFilter>()
            .Produces<RangeJson>(StatusCodes.Status202Accepted).WithProblems(400, 404, 409, 422)
            .WithName("postRange").WithSummary("Fetches a range of blocks. The same range posted again is the same job.")
            .WithDescription("An open range that is posted again takes the priority and the preferred peer of the latest post, where it names them. "
                + "It is the same if chain, heights, anchor, lower link and deadline are; a range with another deadline is another one, since it must not end for those who want it longer. Overlapping ranges share their downloads.");
        group.MapGet("", ListAsync).WithHead().RequireAuthorization(Policies.Read).Produces<PageJson<RangeJson>>().WithProblems(400, 404)
            .WithName("listRanges").WithSummary("Ranges, newest first: the open ones and those that ended lately.");
        group.MapGet("/{id}", ShowAsync).WithHead().RequireAuthorization(Policies.Read).Produces<RangeJson>().WithProblems(404)
            .WithName("showRange").WithSummary("Where a range stands, and why it does not move if it does not.");
        group.MapDelete("/{id}", CancelAsync).RequireAuthorization(Policies.Sync).Produces<RangeJson>().WithProblems(404, 409)
            .WithName("cancelRange").WithSummary("Ends a range; what is stored stays.");
        group.MapPost("/{id}/pause", PauseAsync).RequireAuthorization(Policies.Sync).Produces<RangeJson>().WithProblems(404, 409)
            .WithName("pauseRange").WithSummary("Pauses a range; others that wait for its heights take them over.");
        group.MapPost("/{id}/resume", ResumeAsync).RequireAuthorization(Policies.Sync).Produces<RangeJson>().WithProblems(404, 409)
            .WithName("resumeRange").WithSummary("Resumes a paused range.");
    }

    private static async Task<IResult> PostAsync(RangePostJson body, HttpContext context, GatewayChains chains, IGrainFactory grains, TimeProvider time)
    {
        if (chains.Find(body.Chain) is not { } chain) return ChainEndpoints.NoChain(body.Chain);
        if (body.First > body.Last) return Problem.Bad("bad-range", $"first {body.First} is above last {body.Last}.");
        if (body.Last >= long.MaxValue) return Problem.Bad("bad-range", $"last {body.Last} is beyond every chain.");
        if (body.First < chain.Spec.Genesis.Number) return Problem.Bad("bad-range", $"first {body.First} is below the genesis block {chain.Spec.Genesis.Number}.");
        if (body.Deadline <= time.GetUtcNow()) return Problem.Bad("bad-deadline", $"deadline {body.Deadline:O} has passed already.");
        if (Math.Abs((long)(body.Priority ?? 0)) > PriorityMax) return Problem.Bad("bad-priority", $"priority is from -{PriorityMax} to {PriorityMax}.");
        if (!TryRead(body.Anchor, out BlockId? anchor)) return Problem.Bad("bad-hash", "anchor.hash is not 0x and 64 hex digits.");
        if (!TryRead(body.LowerLink, out BlockId? lowerLink)) return Problem.Bad("bad-hash", "lowerLink.hash is not 0x and 64 hex digits.");

        if (body.PreferredPeer is { } peer && !PeerAddress.IsPeerId(peer)) return Problem.Bad("bad-peer", "preferredPeer is a base58 peer id.");

        if (anchor is { } given && ChainEndpoints.FindGenesisFault(chain, given) is { } fault) return fault;

        // What an administrator's anchor proves is shown to everybody; anybody else's blocks are seen through this range only.
        byte rank = Caller.May(context.User, Policies.Admin) ? Json.Map.ConfiguredRank : Json.Map.CallerRank;
        RangePosted posted = await grains.GetChain(chain.ChainId).PostRange(
            new RangePost(body.First, body.Last, anchor, rank, lowerLink, body.Priority ?? 0, body.PreferredPeer, body.Deadline, AnyPriority: body.Priority is null));
        if (posted.RangeId is not { } id) return Problem.Of(StatusCodes.Status422UnprocessableEntity, "range-refused", posted.Refusal ?? "The range was refused.");
        RangeReport report = await grains.GetRange(chain.ChainId, id).GetReport();
        return TypedResults.Accepted($"/v1/ranges/{RangeName.Format(chain.ChainId, id)}", Json.Map.Range(report));
    }

    private static async Task<IResult> ListAsync(
        string? chain, string? state, string? cursor, int? limit, GatewayChains chains, IGrainFactory grains)
    {
        if (state is not (null or "open" or "ended")) return Problem.Bad("bad-state", "state is open or ended.");
        if (chain is not null && chains.Find(chain) is null) return ChainEndpoints.NoChain(chain);
        List<(ulong ChainId, string RangeId)> all = [];
        foreach (GatewayChain one in chain is null ? chains.All : [chains.Find(chain)!])
        {
            ChainReport report = await grains.GetChain(one.ChainId).GetReport();
            if (state != "ended") all.AddRange(report.RangeIds.Select(r => (one.ChainId, r)));
            if (state != "open") all.AddRange(report.EndedRangeIds.Select(r => (one.ChainId, r)));
        }

        return Paging.Page(all, r => r.RangeId + r.ChainId, cursor, limit, async r => Json.Map.Range(await grains.GetRange(r.ChainId, r.RangeId).GetReport())) is { } page
            ? TypedResults.Ok(await page)
            : Paging.BadLimit();
    }

    private static async Task<IResult> ShowAsync(string id, GatewayChains chains, IGrainFactory grains) =>
        await FindAsync(id, chains, grains) is { } report ? TypedResults.Ok(Json.Map.Range(report)) : NoRange(id);

    private static Task<IResult> CancelAsync(string id, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(id, chains, grains, static (chain, range) => chain.CancelRange(range));

    private static Task<IResult> PauseAsync(string id, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(id, chains, grains, static (chain, range) => chain.PauseRange(range, true));

    private static Task<IResult> ResumeAsync(string id, GatewayChains chains, IGrainFactory grains) =>
        ChangeAsync(id, chains, grains, static (chain, range) => chain.PauseRange(range, false));

    private static async Task<IResult> ChangeAsync(
        string id, GatewayChains chains, IGrainFactory grains, Func<IChainGrain, string, Task<bool>> change)
    {
        if (await FindAsync(id, chains, grains) is not { } before) return NoRange(id);
        bool done = await change(grains.GetChain(before.ChainId), before.RangeId);
        RangeReport after = await grains.GetRange(before.ChainId, before.RangeId).GetReport();
        return done
            ? TypedResults.Ok(Json.Map.Range(after))
            : Problem.Of(StatusCodes.Status409Conflict, "range-ended", $"The range has ended: {Json.Map.CamelCase(after.State.ToString())}.");
    }

    /// <summary>The range of this name, or null.</summary>
    public static async Task<RangeReport?> FindAsync(string id, GatewayChains chains, IGrainFactory grains)
    {
        if (!RangeName.TryParse(id, out ulong chainId, out string? rangeId) || chains.Find(chainId) is null) return null;
        RangeReport report = await grains.GetRange(chainId, rangeId).GetReport();
        return report.State == RangeState.Unknown ? null : report;
    }

    public static IResult NoRange(string id) => Problem.NotFound("no-such-range", $"There is no range '{Texts.Short(id)}'.");

    private static bool TryRead(BlockIdJson? json, out BlockId? block)
    {
        block = null;
        if (json is null) return true;
        if (!Hash32.TryParse(json.Hash, out Hash32 hash)) return false;
        block = new BlockId(json.Number, hash);
        return true;
    }
}
