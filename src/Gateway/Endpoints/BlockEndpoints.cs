using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;
using OpSync.Gateway.Streaming;

namespace OpSync.Gateway.Endpoints;

/// <summary>Stored blocks, one at a time or as a stream.</summary>
internal static class BlockEndpoints
{
    private static readonly string[] BlockTypes = [BlockForms.Wire, BlockForms.Json, BlockForms.Header];
    private static readonly string[] StreamTypes = [BlockForms.Archive, BlockForms.Lines];

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/chains/{chain}/blocks").WithTags("blocks");
        group.MapGet("/{block}", ShowAsync).WithHead().RequireAuthorization(Policies.Read)
            .Produces(200, contentType: BlockForms.Ssz, additionalContentTypes: BlockTypes).Produces(StatusCodes.Status304NotModified).WithProblems(400, 404, 406)
            .WithName("showBlock").WithSummary("A block by height or hash, in the form that Accept or format names.");
        group.MapGet("", StreamAsync).RequireAuthorization(Policies.Read).WithMetadata(new DisableRequestTimeoutAttribute())
            .Produces(200, contentType: BlockForms.SszStream, additionalContentTypes: StreamTypes).WithProblems(400, 404, 406, 409)
            .WithName("streamBlocks").WithSummary("Blocks in ascending order from 'from' to 'to'; with follow=true it waits for those not there yet.");
    }

    private static async Task<IResult> ShowAsync(
        string chain, string block, string? format, string? range, HttpContext context, GatewayChains chains, IGrainFactory grains,
        BlockLoads loads)
    {
        if (chains.Find(chain) is not { } found) return ChainEndpoints.NoChain(chain);
        if (BlockForms.Of(context.Request, format, stream: false) is not { } form) return NoForm(format);
        IBlockReaderGrain reader = grains.GetReader(found.ChainId);
        Func<Task<StoredPayload?>> read;
        bool byHash = block.StartsWith("0x", StringComparison.Ordinal);
        if (byHash)
        {
            if (!Hash32.TryParse(block, out Hash32 hash)) return Problem.Bad("bad-block", "A hash is 0x and 64 hex digits; a height is decimal.");
            if (range is not null) return Problem.Bad("bad-block", "A block of a range is named by its height.");

            // What lost its height, or has only some caller's word for it, is not shown by its hash either.
            read = async () => await reader.GetByHash(hash) is { } one && await reader.GetRank(one.Block) is not null ? one : null;
        }
        else
        {
            if (!ulong.TryParse(block, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)) return Problem.Bad("bad-block", "A block is named by its decimal height or its hash.");
            bool includeCallers = false;
            if (range is not null)
            {
                if (await RangeEndpoints.FindAsync(range, chains, grains) is not { } owner || owner.ChainId != found.ChainId) return RangeEndpoints.NoRange(range);
                if (number < owner.First || number > owner.Last) return Problem.Bad("bad-block", $"The range is from {owner.First} to {owner.Last}.");
                if (!owner.IsProven) return NotProven();
                includeCallers = true;
            }

            BlockPageQuery query = new(number, number, 1, int.MaxValue, TimeSpan.Zero, includeCallers);
            read = async () => (await reader.Read(query)).Blocks is [{ } one] ? one : null;
        }

        using BlockLoads.Loaded? loaded = await loads.LoadAsync(Caller.Of(context), form, read, context.RequestAborted);
        if (loaded is null) return Problem.Of(StatusCodes.Status503ServiceUnavailable, "busy", "More blocks are asked for than are read at a time; try again.");
        if (loaded.Block is not { } stored) return Problem.NotFound("no-such-block", $"Block {block} is not stored; post a range that has it.");
        string tag = TagOf(stored.Block.Hash, form);
        HttpResponse response = context.Response;
        response.Headers.ETag = tag;
        response.Headers.CacheControl = byHash ? "private, max-age=31536000, immutable" : "private, no-cache";
        response.Headers.Vary = "Accept";
        response.Headers["OpSync-Block-Number"] = stored.Block.Number.ToString(CultureInfo.InvariantCulture);
        response.Headers["OpSync-Block-Hash"] = stored.Block.Hash.ToString();
        if (IsKnown(context, tag)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);

        response.ContentType = BlockForms.TypeOf(form);
        if (form is BlockForm.Ssz or BlockForm.Wire) response.ContentLength = form == BlockForm.Wire ? stored.Wire.Length : BlockWriter.Measure(stored);
        if (HttpMethods.IsHead(context.Request.Method)) return TypedResults.Empty;
        BlockWriter.Write(response.BodyWriter, found.Spec, stored, form);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
        return TypedResults.Empty;
    }

    private static async Task<IResult> StreamAsync(
        string chain, ulong from, ulong? to, bool? follow, string? format, string? range, HttpContext context, GatewayChains chains, IGrainFactory grains,
        BlockStream stream)
    {
        if (chains.Find(chain) is not { } found) return ChainEndpoints.NoChain(chain);
        if (BlockForms.Of(context.Request, format, stream: true) is not { } form) return NoForm(format);
        if (context.Request.Query["from"].ToString().Length == 0) return Problem.Bad("bad-range", "from is missing.");   // else it would be 0
        if (from >= long.MaxValue) return Problem.Bad("bad-range", $"from {from} is beyond every chain.");
        if (to < from) return Problem.Bad("bad-range", $"from {from} is above to {to}.");
        bool includeCallers = false;
        ulong last = Math.Min(to ?? long.MaxValue, long.MaxValue);
        if (range is not null)
        {
            if (await RangeEndpoints.FindAsync(range, chains, grains) is not { } owner || owner.ChainId != found.ChainId) return RangeEndpoints.NoRange(range);
            if (from < owner.First) return Problem.Bad("bad-range", $"The range begins at {owner.First}.");
            if (!owner.IsProven) return NotProven();
            last = Math.Min(last, owner.Last);
            includeCallers = true;
        }

        else if (follow != true && (await grains.GetReader(found.ChainId).GetIslands(new SpanInfo(from, from))).Islands is [])
        {
            // An empty answer would look as if there were nothing to ask for.
            return Problem.NotFound("no-such-block", $"Block {from} is not stored; post a range that has it, or wait for it with follow=true.");
        }

        return await stream.RunAsync(context, new BlockStreamQuery(found, from, last, follow ?? false, form, includeCallers));
    }

    /// <summary>Hash and form: another form is another representation.</summary>
    private static string TagOf(Hash32 hash, BlockForm form) => $"\"{hash}-{(int)form}\"";

    private static bool IsKnown(HttpContext context, string tag) => context.Request.Headers.IfNoneMatch.Any(v => v is not null && (v.Contains(tag, StringComparison.Ordinal) || v.Trim() == "*"));

    private static IResult NoForm(string? format) => format is null
        ? Problem.Of(StatusCodes.Status406NotAcceptable, "not-acceptable", $"Blocks come as {BlockForms.Ssz}, {string.Join(", ", BlockTypes)}; streams as {BlockForms.SszStream}, {string.Join(", ", StreamTypes)}.")
        : Problem.Bad("bad-format", $"format is {BlockForms.Names}.");

    private static IResult NotProven() => Problem.Of(
        StatusCodes.Status409Conflict, "range-not-complete", "What only a range's own anchor vouches for can be read once the range is complete and without contradictions.");
}
