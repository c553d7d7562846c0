using System.Buffers;
using OpSync.Codec.Bulk;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

// Blocks in bulk, and what is held.
internal sealed partial class BulkServer
{
    private async ValueTask SendPayloadsAsync(ServedChain chain, InboundStream inbound, byte[] bytes, CancellationToken cancellationToken)
    {
        if (!PayloadsRequest.TryRead(bytes, out PayloadsRequest request) || !IsInBounds(chain, request.First))
        {
            await RefuseAsync(inbound.Stream, BulkCode.InvalidRequest, default, cancellationToken).ConfigureAwait(false);
            return;
        }

        long started = time.GetTimestamp();
        long room = Math.Min(request.BytesMax, Bulk.BytesMax);
        int count = Math.Min(request.Count, Bulk.BlocksMax), sent = 0;
        BulkEnd? end = null;
        TimeSpan retryAfter = default;
        while (end is null)
        {
            if (sent == count) end = count == request.Count ? BulkEnd.Complete : BulkEnd.Capped;
            else if (sent > 0 && (room <= 0 || time.GetElapsedTime(started) > Bulk.GatherMax)) end = BulkEnd.Capped;
            if (end is not null) break;

            (IReadOnlyList<StoredBlock> page, BulkEnd? problem, retryAfter) = await ReadPageAsync(
                chain, inbound, request.First + (ulong)sent, count - sent, room, cancellationToken).ConfigureAwait(false);
            int fitting = 0, size = sent == 0 ? 1 : 0;
            foreach (StoredBlock block in page)
            {
                if (sent + fitting > 0 && block.Wire.Length > room) break;
                room -= block.Wire.Length;
                size += PayloadItem.HeadSize + (block.Signature?.Length ?? 0) + block.Wire.Length;
                fitting++;
            }

            GiveBackTokens(inbound, page.Count - fitting);
            end = problem ?? (fitting < page.Count ? BulkEnd.Capped : null);
            if (fitting == 0) break;
            if (!answers.TryTake(inbound.RemoteIp, size))
            {
                refused(nameof(ServeOptions.AnswerBytesMax));
                end = BulkEnd.Failed;
                break;
            }

            try
            {
                await WritePageAsync(inbound, page, fitting, size, isFirst: sent == 0, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                answers.Return(inbound.RemoteIp, size);
            }

            sent += fitting;
        }

        if (sent == 0)
        {
            await RefuseAsync(inbound.Stream, ToCode(end ?? BulkEnd.Failed), retryAfter, cancellationToken).ConfigureAwait(false);
            return;
        }

        byte[] last = new byte[4 + BulkProtocols.EndSize];
        PayloadItem.WriteEnd(last, end ?? BulkEnd.Failed, retryAfter);
        await WriteAsync(inbound.Stream, last, isLast: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As many blocks as the asker's tokens, the page and the room allow. Tokens for blocks that were not there are given back,
    /// but one stays: looking costs too.</summary>
    private async ValueTask<(IReadOnlyList<StoredBlock> Blocks, BulkEnd? Problem, TimeSpan RetryAfter)> ReadPageAsync(
        ServedChain chain, InboundStream inbound, ulong first, int countMax, long room, CancellationToken cancellationToken)
    {
        (int granted, TimeSpan retryAfter) = await TakeTokensAsync(inbound, Math.Min(Bulk.PageBlocks, countMax), cancellationToken).ConfigureAwait(false);
        if (granted == 0) return ([], BulkEnd.RateLimited, retryAfter);
        try
        {
            IReadOnlyList<StoredBlock> blocks = await chain.Store.ReadAsync(
                new BlockRange(first, first + (ulong)granted - 1), TrustRank.Signed, granted, Math.Min(Bulk.PageBytes, Math.Max(room, 1)), cancellationToken).ConfigureAwait(false);
            GiveBackTokens(inbound, granted - Math.Max(1, blocks.Count));
            return (blocks, blocks.Count == 0 ? BulkEnd.NotFound : null, default);
        }
        catch (IOException)
        {
            return ([], BulkEnd.Failed, default);
        }
    }

    private async ValueTask WritePageAsync(
        InboundStream inbound, IReadOnlyList<StoredBlock> page, int count, int size, bool isFirst, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            int length = 0;
            if (isFirst) buffer[length++] = (byte)BulkCode.Success;
            for (int i = 0; i < count; i++)
            {
                StoredBlock block = page[i];
                length += PayloadItem.WriteHead(buffer.AsSpan(length), block.Number, block.Signature, block.Wire.Length);
                block.Wire.CopyTo(buffer, length);
                length += block.Wire.Length;
            }

            await WriteAsync(inbound.Stream, buffer.AsMemory(0, length), isLast: false, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask SendStatusAsync(ServedChain chain, InboundStream inbound, CancellationToken cancellationToken)
    {
        (int granted, TimeSpan retryAfter) = await TakeTokensAsync(inbound, 1, cancellationToken).ConfigureAwait(false);
        if (granted == 0)
        {
            await RefuseAsync(inbound.Stream, BulkCode.RateLimited, retryAfter, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            HeldSpan[] held = await _held.GetOrAdd(chain.Spec.ChainId, _ => new HeldSpans(chain.Store, Bulk.StatusAge, time)).GetAsync(cancellationToken).ConfigureAwait(false);
            byte[] answer = new StatusReply(held, options.PeerRate, options.PeerBurst, Bulk.HeadersPerBlock).Write();
            await WriteAsync(inbound.Stream, answer, isLast: true, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            await RefuseAsync(inbound.Stream, BulkCode.Failed, default, cancellationToken).ConfigureAwait(false);
        }
    }
}
