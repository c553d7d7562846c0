using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Tests.Kit;

/// <summary>A scripted peer's answer to a request for consecutive heights.</summary>
internal sealed class CrowdSpan(
    Crowd crowd, ScriptedPeer scripted, RangeKey range, ulong first, ReadReservation reservation, TimeProvider time, CancellationToken cancellationToken) : ISpanAnswer
{
    private readonly long _started = time.GetTimestamp();
    private ulong _next = first;

    public async ValueTask<SpanPart> NextAsync(int accounted)
    {
        ulong number = _next++;
        crowd.NoteAsk(new Asked(scripted.Id, range, number));
        try
        {
            if (scripted.Spans!(number) is { } end) return end;
            PeerAnswer answer = await scripted.AnswerAsync(number, cancellationToken);
            if (answer.Bytes is not { } bytes) return SpanPart.EndAll(answer.Failure);
            if (bytes.Length > accounted) await reservation.ExtendAsync(bytes.Length - accounted, cancellationToken);
            TimeSpan elapsed = time.GetElapsedTime(_started);
            return new SpanPart(new PooledResponse([.. bytes], bytes.Length, isPooled: false), elapsed, elapsed);
        }
        catch (OperationCanceledException)
        {
            return SpanPart.EndAll(FetchVerdict.OurFault);
        }
    }

    public ValueTask FinishAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
