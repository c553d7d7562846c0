using Microsoft.Extensions.Logging;
using OpSync.Codec.Bulk;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Fetching;

namespace OpSync.Silo.Peering;

/// <summary>Asks another OpSync for consecutive blocks, and takes its answer apart as it arrives.</summary>
/// <remarks>A signature that comes with a block is read and dropped: nothing here could say whether it is one.</remarks>
internal sealed class SpanAnswer(ExchangeStream exchange, PayloadsRequest request, string peer, ILogger log) : ISpanAnswer
{
    private readonly byte[] _part = new byte[PayloadsFrames.WantedMax];
    private PayloadsFrames _frames = new(in request);
    private bool _isAsked;

    /// <inheritdoc/>
    public async ValueTask<SpanPart> NextAsync(int accounted)
    {
        ExchangeOutcome outcome = ExchangeOutcome.Ok;
        if (!_isAsked)
        {
            _isAsked = true;
            byte[] bytes = new byte[PayloadsRequest.Size];
            request.Write(bytes);
            outcome = await exchange.RequestAsync(bytes).ConfigureAwait(false);
        }

        TimeSpan firstByte = default;
        while (outcome == ExchangeOutcome.Ok)
        {
            Memory<byte> part = _part.AsMemory(0, _frames.Wanted);
            outcome = await exchange.ReadAsync(part).ConfigureAwait(false);
            if (outcome != ExchangeOutcome.Ok) break;
            if (firstByte == default) firstByte = exchange.Spent;
            switch (_frames.Take(part.Span))
            {
                case PayloadsFrame.Payload:
                    (outcome, PooledResponse? wire) = await exchange.ReadPartAsync(_frames.WireLength, accounted).ConfigureAwait(false);
                    if (wire is not null) return new SpanPart(wire, firstByte, exchange.Spent);
                    break;
                case PayloadsFrame.End:
                    return SpanPart.Of(_frames.Code, _frames.End);
                case PayloadsFrame.Fault:
                    Log.Malformed(log, peer, request.First + (ulong)_frames.Count, _frames.Fault.ToString());
                    return SpanPart.Malformed;
            }
        }

        // The peer took its word back: it is asked like any other.
        return SpanPart.EndAll(outcome == ExchangeOutcome.Unsupported ? null : Fetcher.ToVerdict(outcome));
    }

    /// <inheritdoc/>
    public ValueTask FinishAsync() => exchange.FinishAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => exchange.DisposeAsync();
}
