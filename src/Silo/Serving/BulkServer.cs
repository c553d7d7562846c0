using System.Buffers;
using System.Collections.Concurrent;
using OpSync.Codec.Bulk;
using OpSync.Codec.Primitives;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

/// <summary>Serves headers, payloads and its status to other OpSync peers, from the store (docs/protocols.md, "OpSync to OpSync").</summary>
/// <remarks>Payloads wait for the asker's rate as single requests do, block by block: whoever asks meets the same server either way.
/// Headers never wait: they end where the asker's tokens end and say when to ask for the rest. They are made from the stored blocks,
/// one after the other, so that an answer holds one block in memory.</remarks>
internal sealed partial class BulkServer(
    ChainRegistry chains, ServeOptions options, ServeGate gate, FairShares answers, Action<int> served, Action<string> refused, TimeProvider time,
    CancellationToken stopping)
{
    private readonly ConcurrentDictionary<ulong, ConcurrentBag<HeaderExtractor>> _extractors = new();
    private readonly ConcurrentDictionary<ulong, HeldSpans> _held = new();

    private BulkOptions Bulk => options.Bulk;

    /// <summary>The protocols of every chain, and what serves them.</summary>
    public IEnumerable<(string Protocol, ProtocolHandler Handler)> Handlers()
    {
        foreach (ServedChain chain in chains.Chains)
        {
            ulong id = chain.Spec.ChainId;
            yield return (BulkProtocols.Headers(id), (s, ct) => ServeAsync(s, HeadersRequest.Size, r => SendHeadersAsync(chain, s, r, ct), ct));
            yield return (BulkProtocols.Payloads(id), (s, ct) => ServeAsync(s, PayloadsRequest.Size, r => SendPayloadsAsync(chain, s, r, ct), ct));
            yield return (BulkProtocols.Status(id), (s, ct) => ServeAsync(s, StatusReply.RequestSize, _ => SendStatusAsync(chain, s, ct), ct));
        }
    }

    private async ValueTask ServeAsync(InboundStream inbound, int requestSize, Func<byte[], ValueTask> answer, CancellationToken cancellationToken)
    {
        if (!gate.Throttle.TryEnter(inbound.Peer))
        {
            refused(nameof(ServeOptions.PeerOpenMax));
            await RefuseAsync(inbound.Stream, BulkCode.Failed, default, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            byte[] request = new byte[requestSize];
            using (Deadline deadline = new(options.ReadTimeout, time, cancellationToken))
            {
                await inbound.Stream.ReadExactlyAsync(request, deadline.Token).ConfigureAwait(false);
            }

            await answer(request).ConfigureAwait(false);
        }
        finally
        {
            gate.Throttle.Leave(inbound.Peer);
        }
    }

    private async ValueTask SendHeadersAsync(ServedChain chain, InboundStream inbound, byte[] bytes, CancellationToken cancellationToken)
    {
        if (!HeadersRequest.TryRead(bytes, out HeadersRequest request) || !IsInBounds(chain, request.Number))
        {
            await RefuseAsync(inbound.Stream, BulkCode.InvalidRequest, default, cancellationToken).ConfigureAwait(false);
            return;
        }

        int count = (int)Math.Min((ulong)Math.Min(request.Count, Bulk.HeadersMax), request.Number - chain.Spec.Genesis.Number + 1);
        int size = HeadersWriter.SizeMax(count);
        if (!answers.TryTake(inbound.RemoteIp, size))
        {
            refused(nameof(ServeOptions.AnswerBytesMax));
            await RefuseAsync(inbound.Stream, BulkCode.Failed, default, cancellationToken).ConfigureAwait(false);
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            HeadersWriter writer = new(buffer);
            (int sent, BulkEnd end, TimeSpan retryAfter) = await GatherAsync(chain, inbound, request, count, writer, cancellationToken).ConfigureAwait(false);
            if (sent == 0)
            {
                await RefuseAsync(inbound.Stream, ToCode(end), retryAfter, cancellationToken).ConfigureAwait(false);
                return;
            }

            writer.End(end, retryAfter);
            await WriteAsync(inbound.Stream, buffer.AsMemory(0, writer.Written), isLast: true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            answers.Return(inbound.RemoteIp, size);
        }
    }

    private async ValueTask<(int Sent, BulkEnd End, TimeSpan RetryAfter)> GatherAsync(
        ServedChain chain, InboundStream inbound, HeadersRequest request, int count, HeadersWriter writer, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        Hash32? expected = request.Hash;
        int paid = 0;
        long bytesPaid = 0;
        for (int sent = 0; sent < count; sent++)
        {
            if (sent > 0 && time.GetElapsedTime(started) > Bulk.GatherMax) return (sent, BulkEnd.Capped, default);
            if (paid-- == 0 || bytesPaid <= 0)
            {
                (int taken, TimeSpan retryAfter) = await gate.TakeUpToAsync(inbound.Peer, inbound.RemoteIp, 1, cancellationToken).ConfigureAwait(false);
                if (taken == 0) return (sent, BulkEnd.RateLimited, retryAfter);
                (paid, bytesPaid) = (Bulk.HeadersPerBlock - 1, Bulk.HeaderBytesPerBlock);
            }

            StoredBlock? block;
            try
            {
                block = await chain.Store.GetAsync(request.Number - (ulong)sent, TrustRank.Signed, cancellationToken).ConfigureAwait(false);
            }
            catch (IOException)
            {
                return (sent, BulkEnd.Failed, default);
            }

            if (block is null || (expected is { } hash && hash != block.Hash)) return (sent, BulkEnd.NotFound, default);
            bytesPaid -= block.Wire.Length;
            int length = Extract(chain, block, writer);
            if (length == 0) return (sent, BulkEnd.Failed, default);
            if (sent > 0 && writer.SizeWith(length) > request.BytesMax) return (sent, BulkEnd.Capped, default);
            writer.Commit(length);
            expected = block.ParentHash;
        }

        return (count, count == request.Count ? BulkEnd.Complete : BulkEnd.Capped, default);
    }

    private int Extract(ServedChain chain, StoredBlock block, HeadersWriter writer)
    {
        ConcurrentBag<HeaderExtractor> idle = _extractors.GetOrAdd(chain.Spec.ChainId, static _ => []);
        if (!idle.TryTake(out HeaderExtractor? extractor)) extractor = new HeaderExtractor(chain.Spec);
        int length = extractor.Extract(block.Wire, block.Id, writer.Next);
        if (idle.Count < Environment.ProcessorCount) idle.Add(extractor);
        return length;
    }

    /// <summary>The bounds of payload_by_number: not below genesis, not in the future.</summary>
    private bool IsInBounds(ServedChain chain, ulong number)
    {
        long unixSeconds = (time.GetUtcNow() + options.FutureMax).ToUnixTimeSeconds();
        return number >= chain.Spec.Genesis.Number && unixSeconds >= 0
            && chain.Spec.ExpectedNumberAt((ulong)unixSeconds) is { } newest && number <= newest;
    }

    private ValueTask RefuseAsync(Libp2pStream stream, BulkCode code, TimeSpan retryAfter, CancellationToken cancellationToken) =>
        WriteAsync(stream, BulkAnswer.Refuse(code, retryAfter), isLast: true, cancellationToken);

    private async ValueTask WriteAsync(Libp2pStream stream, ReadOnlyMemory<byte> bytes, bool isLast, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.WriteTimeout, time, cancellationToken);
        await stream.WriteAsync(bytes, deadline.Token).ConfigureAwait(false);
        if (isLast) await stream.CloseWriteAsync(deadline.Token).ConfigureAwait(false);
    }

    /// <summary>The code of an answer that ends before its first item.</summary>
    private static BulkCode ToCode(BulkEnd end) => end switch
    {
        BulkEnd.NotFound => BulkCode.NotFound,
        BulkEnd.RateLimited => BulkCode.RateLimited,
        _ => BulkCode.Failed,
    };
}
