using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpSync.Codec.Archive;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Problems;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Streaming;

/// <summary>Streams blocks in ascending order, a page at a time: the next page is read once the caller took the last one, so a
/// slow caller costs a page of its own share and delays nobody.</summary>
internal sealed class BlockStream(
    GatewaySettings settings, ByteBudget budget, IGrainFactory grains, IHostApplicationLifetime lifetime, LimitMetrics metrics)
{
    private const int PageCount = 256;
    private const int PageBytes = 512 << 10;

    /// <summary>Length of one wait for a block that is not there yet. Short enough that who has gone is noticed.</summary>
    private static readonly TimeSpan WaitStep = TimeSpan.FromSeconds(5);

    private readonly CallerSlots _slots = new(settings.Limits.StreamsMax, settings.Limits.CallerStreamsMax);

    /// <summary>Streams under way.</summary>
    public int Open => _slots.Used;

    /// <summary>Streams until the last height, the first gap, or the caller's end.</summary>
    public async Task<IResult> RunAsync(HttpContext context, BlockStreamQuery query)
    {
        Caller caller = Caller.Of(context);
        switch (_slots.TryTake(caller))
        {
            case CallerSlots.Verdict.CallerFull:
                metrics.Refused(nameof(GatewayLimits.CallerStreamsMax));
                return Problem.Of(StatusCodes.Status429TooManyRequests, "too-many-streams", $"This caller has {settings.Limits.CallerStreamsMax} streams open.");
            case CallerSlots.Verdict.Full:
                metrics.Refused(nameof(GatewayLimits.StreamsMax));
                return Problem.Of(StatusCodes.Status503ServiceUnavailable, "too-many-streams", $"{settings.Limits.StreamsMax} streams are open.");
            default:
                break;
        }

        try
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await SendAsync(context, caller, query, stop.Token);
            return TypedResults.Empty;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The process stops. Whole records were sent; but one who did not ask to follow would take the end for a gap.
            if (!query.Follow) context.Abort();
            return TypedResults.Empty;
        }
        finally
        {
            _slots.Return(caller);
        }
    }

    private async Task SendAsync(HttpContext context, Caller caller, BlockStreamQuery query, CancellationToken cancellationToken)
    {
        HttpResponse response = context.Response;
        response.ContentType = BlockForms.StreamTypeOf(query.Form);
        response.Headers.CacheControl = "no-store";
        response.Headers["OpSync-First"] = query.First.ToString(CultureInfo.InvariantCulture);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        PipeWriter target = response.BodyWriter;
        if (query.Form == BlockForm.Wire)
        {
            new ArchiveHeader(query.Chain.ChainId, query.Chain.Spec.Genesis.Hash, query.First, query.Last).Write(target.GetSpan(ArchiveHeader.Size)[..ArchiveHeader.Size]);
            target.Advance(ArchiveHeader.Size);
        }

        // A caller that waits for the first block sees at least that it was understood.
        await target.FlushAsync(cancellationToken);
        IBlockReaderGrain reader = grains.GetReader(query.Chain.ChainId);
        for (ulong next = query.First; next <= query.Last;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int sent = await SendPageAsync(reader, target, caller, query, next, cancellationToken);
            if (sent > 0) next += (ulong)sent;
            else if (!query.Follow) return;
            else await reader.Read(Page(query, next, 1, 1, WaitStep)).WaitAsync(cancellationToken);
        }
    }

    private async Task<int> SendPageAsync(
        IBlockReaderGrain reader, PipeWriter target, Caller caller, BlockStreamQuery query, ulong next, CancellationToken cancellationToken)
    {
        // The room is taken before anything is read, and given back when the caller has it.
        ByteBudget.Lease lease = await budget.TakeAsync(caller, PageBytes, cancellationToken);
        try
        {
            BlockPage page = await reader.Read(Page(query, next, PageCount, PageBytes, TimeSpan.Zero)).WaitAsync(cancellationToken);
            if (page.Blocks is [{ Wire.Length: > PageBytes } large])
            {
                lease.Dispose();
                lease = await budget.TakeAsync(caller, large.Wire.Length, cancellationToken);
            }

            foreach (StoredPayload block in page.Blocks)
            {
                BlockWriter.WriteRecord(target, query.Chain.Spec, block, query.Form);
                FlushResult flushed = await target.FlushAsync(cancellationToken);
                if (flushed.IsCompleted || flushed.IsCanceled) throw new OperationCanceledException(cancellationToken);
            }

            return page.Blocks.Length;
        }
        finally
        {
            lease.Dispose();
        }
    }

    private static BlockPageQuery Page(BlockStreamQuery query, ulong next, int count, int bytes, TimeSpan wait) =>
        new(next, query.Last, count, bytes, wait, query.IncludeCallers);
}
