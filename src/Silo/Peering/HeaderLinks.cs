using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Codec.Bulk;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>Asks peers for headers, checks the answers outside any grain, and hands the range their hashes.</summary>
/// <remarks>Checking costs a hash of about 600 bytes per header: 2 ms for a batch of 512.</remarks>
internal sealed class HeaderLinks(
    SwarmHolder swarm, PeerLinks links, IGrainFactory grains, PeerEpochs epochs, IByteBudget budget, IOptions<PeerLinkOptions> options, TimeProvider time,
    ILogger<HeaderLinks> log) : IHeaderLinks
{
    /// <summary>Requests open in this silo, all ranges and peers together. One more ends at once as our own fault.</summary>
    private const int OpenMax = 256;

    /// <summary>Bytes of a header as expected: for the first reservation.</summary>
    private const int HeaderSizeExpected = 640;

    private int _open;

    /// <inheritdoc/>
    public void FetchHeaders(PeerKey peer, RangeKey range, HeaderAsk ask, long epoch)
    {
        // Taken here: a cancel that follows this call must end the request, even if nothing of it has happened yet.
        CancellationToken token = epochs.Hear(peer, epoch) ? links.TokenOf(peer, range) : new CancellationToken(canceled: true);
        Outside.Run(() => FetchAsync(peer, range, ask, token));
    }

    private async Task FetchAsync(PeerKey peer, RangeKey range, HeaderAsk ask, CancellationToken cancellationToken)
    {
        HeaderDelivery delivery = Failure(FetchVerdict.OurFault);
        bool isMalformed = false;
        ReadReservation reservation = new(budget, urgent: false, priority: 0, options.Value, time);
        try
        {
            if (Interlocked.Increment(ref _open) <= OpenMax && !cancellationToken.IsCancellationRequested && PeerId.TryParse(peer.Value, out PeerId? id))
            {
                delivery = await AskAsync(id, reservation).ConfigureAwait(false);
                isMalformed = delivery.Verdict == FetchVerdict.Malformed;
            }
        }
        catch (OperationCanceledException)
        {
            // Not wanted any more, or no room came: our own fault, as it stands.
        }
        catch (Exception e)
        {
            Log.HeadersFailed(log, peer.Value, e);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            reservation.ReturnAll();
        }

        try
        {
            // One that is lost is covered by the range's own deadline.
            await grains.GetRange(range.ChainId, range.RangeId).DeliverHeaders(delivery).ConfigureAwait(false);
            if (isMalformed) await grains.GetPeer(peer.Value).Report(new OutcomeBatch([new FetchEnd(FetchVerdict.Malformed, 0, TimeSpan.Zero)])).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.DeliveryFailed(log, nameof(HeaderDelivery), 1, e);
        }

        async Task<HeaderDelivery> AskAsync(PeerId id, ReadReservation room)
        {
            HeadersRequest request = new(ask.Number, ask.Hash, ask.Count, HeadersWriter.SizeMax(ask.Count));
            byte[] bytes = new byte[HeadersRequest.Size];
            request.Write(bytes);
            ExchangeLimits limits = new()
            {
                ResponseSizeMax = HeadersWriter.SizeMax(ask.Count),
                ExpectedSize = ask.Count * HeaderSizeExpected,
                OpenTimeout = options.Value.OpenTimeout,
                WriteTimeout = options.Value.WriteTimeout,
                ReadTimeout = options.Value.ReadTimeout,
                Budget = room,
            };
            await room.ExtendAsync(limits.ExpectedSize, cancellationToken).ConfigureAwait(false);
            ExchangeResult result = await Exchange.RequestAsync(
                swarm.Value, id, [BulkProtocols.Headers(range.ChainId)], bytes, limits, cancellationToken).ConfigureAwait(false);
            if (result.Response is not { } response) return Failure(room.GaveUp ? FetchVerdict.OurFault : ToVerdict(result.Outcome));
            using (response)
            {
                BulkFault fault = HeadersReply.Read(response.Memory.Span, in request, out HeadersReply? reply);
                if (fault.IsMalformed()) Log.Malformed(log, peer.Value, ask.Number, fault.ToString());
                return reply is null ? Failure(fault.IsMalformed() ? FetchVerdict.Malformed : FetchVerdict.Failed) : ToDelivery(reply);
            }
        }

        HeaderDelivery ToDelivery(HeadersReply reply) => new(
            range.Generation, ask.RequestId, peer.Value, ToVerdict(reply.Code), reply.Hashes, reply.BottomParent,
            reply.End is BulkEnd.Capped or BulkEnd.RateLimited, reply.RetryAfter);

        HeaderDelivery Failure(FetchVerdict verdict) => new(range.Generation, ask.RequestId, peer.Value, verdict, [], default, false, TimeSpan.Zero);
    }

    private static FetchVerdict ToVerdict(BulkCode code) => code switch
    {
        BulkCode.Success => FetchVerdict.Good,
        BulkCode.NotFound => FetchVerdict.NotFound,
        BulkCode.RateLimited => FetchVerdict.RateLimited,
        _ => FetchVerdict.Failed,
    };

    private static FetchVerdict ToVerdict(ExchangeOutcome outcome) => outcome switch
    {
        ExchangeOutcome.Timeout => FetchVerdict.Timeout,
        ExchangeOutcome.Unsupported => FetchVerdict.Unsupported,
        ExchangeOutcome.TooLarge => FetchVerdict.Malformed,
        ExchangeOutcome.OpenFailed => FetchVerdict.RateLimited,
        ExchangeOutcome.Ok or ExchangeOutcome.Cancelled => FetchVerdict.OurFault,
        _ => FetchVerdict.Failed,
    };
}
