using OpSync.Codec.Bulk;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Silo;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Asks the crowd for headers. Answers are made and read as bytes, without a network.</summary>
internal sealed class CrowdHeaders(Crowd crowd, IGrainFactory grains) : IHeaderLinks
{
    public void FetchHeaders(PeerKey peer, RangeKey range, HeaderAsk ask, long epoch) => Outside.Run(() => AnswerAsync(peer, range, ask));

    private async Task AnswerAsync(PeerKey peer, RangeKey range, HeaderAsk ask)
    {
        HeadersRequest request = new(ask.Number, ask.Hash, ask.Count, int.MaxValue);
        byte[] answer = crowd.Find(peer)?.Headers is { } chain ? Write(chain, request) : BulkAnswer.Refuse(BulkCode.NotFound);
        BulkFault fault = HeadersReply.Read(answer, request, out HeadersReply? reply);
        FetchVerdict verdict = fault.IsMalformed() ? FetchVerdict.Malformed : reply!.Code == BulkCode.Success ? FetchVerdict.Good : FetchVerdict.NotFound;
        try
        {
            await grains.GetRange(range.ChainId, range.RangeId).DeliverHeaders(new HeaderDelivery(
                range.Generation, ask.RequestId, peer.Value, verdict, reply?.Hashes ?? [], reply?.BottomParent ?? default, reply?.End == BulkEnd.Capped, TimeSpan.Zero));
            if (verdict == FetchVerdict.Malformed) await grains.GetPeer(peer.Value).Report(new OutcomeBatch([new FetchEnd(verdict, 0, TimeSpan.Zero)]));
        }
        catch (OrleansException)
        {
            // The silo was killed meanwhile.
        }
    }

    private static byte[] Write(TestChain chain, HeadersRequest request)
    {
        HeaderExtractor extractor = new(chain.Spec);
        byte[] target = new byte[HeadersWriter.SizeMax(request.Count)];
        HeadersWriter writer = new(target);
        for (int i = 0; i < request.Count; i++)
        {
            BlockId id = chain.IdAt(request.Number - (ulong)i);
            writer.Commit(extractor.Extract(chain.WireAt(id.Number), id, writer.Next));
        }

        writer.End(BulkEnd.Complete, TimeSpan.Zero);
        return target[..writer.Written];
    }
}
