using OpSync.Codec.Bulk;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;
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

            (int granted, retryAfter) = await TakeTokensAsync(inbound, Math.Min(Bulk.PageBlocks, count - sent), cancellationToken).ConfigureAwait(false);
            if (granted == 0)
            {
                end = BulkEnd.RateLimited;
                break;
            }

            BlockRange page = new(request.First + (ulong)sent, request.First + (ulong)(sent + granted) - 1);
            (int passed, long size, end) = await SendPageAsync(chain, inbound, page, room, isFirst: sent == 0, cancellationToken).ConfigureAwait(false);

            // Looking costs too, whatever comes of it.
            gate.GiveBack(inbound.Peer, inbound.RemoteIp, granted - Math.Max(1, passed));
            sent += passed;
            served(passed);
            room -= size;
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

    /// <summary>The tokens that are there, or else one, for which it waits as long as a single request would.</summary>
    private async ValueTask<(int Granted, TimeSpan RetryAfter)> TakeTokensAsync(InboundStream inbound, int max, CancellationToken cancellationToken)
    {
        (int granted, TimeSpan retryAfter) = await gate.TakeUpToAsync(inbound.Peer, inbound.RemoteIp, max, cancellationToken).ConfigureAwait(false);
        if (granted > 0) return (granted, default);
        if (await gate.WaitForTokenAsync(inbound.Peer, inbound.RemoteIp, cancellationToken).ConfigureAwait(false) is not { } limit) return (1, default);
        refused(limit);
        return (0, retryAfter);
    }

    /// <summary>Sends what there is of some heights, as far as a page and the room go.</summary>
    /// <returns>Blocks and bytes sent, and why nothing can follow, if that is known.</returns>
    private async ValueTask<(int Sent, long Bytes, BulkEnd? End)> SendPageAsync(
        ServedChain chain, InboundStream inbound, BlockRange heights, long room, bool isFirst, CancellationToken cancellationToken)
    {
        // Accounted for before it is read. Blocks go from where they were read into the stream: there is no second copy of them here.
        long taken = Math.Clamp(room, 1, Bulk.PageBytes);
        if (!answers.TryTake(inbound.RemoteIp, taken)) return NoRoom();
        try
        {
            IReadOnlyList<StoredBlock> blocks = await chain.Store.ReadAsync(
                heights, TrustRank.Signed, (int)heights.Count, taken, cancellationToken).ConfigureAwait(false);
            if (blocks.Count == 0) return (0, 0, BulkEnd.NotFound);
            if (blocks[0].Wire.Length > taken)
            {
                // A page holds one block at least, however large.
                if (!isFirst && blocks[0].Wire.Length > room) return (0, 0, BulkEnd.Capped);
                answers.Return(inbound.RemoteIp, taken);
                taken = 0;
                if (!answers.TryTake(inbound.RemoteIp, blocks[0].Wire.Length)) return NoRoom();
                taken = blocks[0].Wire.Length;
            }

            await WritePageAsync(inbound, blocks, isFirst, cancellationToken).ConfigureAwait(false);
            return (blocks.Count, blocks.Sum(static b => (long)b.Wire.Length), null);
        }
        catch (IOException e) when (e is not StreamResetException)
        {
            return (0, 0, BulkEnd.Failed);
        }
        finally
        {
            if (taken > 0) answers.Return(inbound.RemoteIp, taken);
        }

        (int Sent, long Bytes, BulkEnd? End) NoRoom()
        {
            refused(nameof(ServeOptions.AnswerBytesMax));
            return (0, 0, BulkEnd.Failed);
        }
    }

    /// <summary>One deadline for all of a page, so that a slow reader does not hold it for long.</summary>
    private async ValueTask WritePageAsync(InboundStream inbound, IReadOnlyList<StoredBlock> page, bool isFirst, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.WriteTimeout, time, cancellationToken);
        byte[] head = new byte[1 + PayloadItem.HeadSize + PayloadItem.SignatureSize];
        int length = isFirst ? 1 : 0;
        head[0] = (byte)BulkCode.Success;
        foreach (StoredBlock block in page)
        {
            length += PayloadItem.WriteHead(head.AsSpan(length), block.Number, block.Signature, block.Wire.Length);
            await inbound.Stream.WriteAsync(head.AsMemory(0, length), deadline.Token).ConfigureAwait(false);
            await inbound.Stream.WriteAsync(block.Wire, deadline.Token).ConfigureAwait(false);
            length = 0;
        }
    }

    private async ValueTask SendStatusAsync(ServedChain chain, InboundStream inbound, CancellationToken cancellationToken)
    {
        (int granted, TimeSpan retryAfter) = await gate.TakeUpToAsync(inbound.Peer, inbound.RemoteIp, 1, cancellationToken).ConfigureAwait(false);
        if (granted == 0)
        {
            await RefuseAsync(inbound.Stream, BulkCode.RateLimited, retryAfter, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            HeldSpan[] held = await _held.GetOrAdd(chain.Spec.ChainId, _ => new HeldSpans(chain.Store, Bulk.StatusAge, time, stopping)).GetAsync(cancellationToken).ConfigureAwait(false);
            byte[] answer = new StatusReply(held, options.PeerRate, options.PeerBurst, Bulk.HeadersPerBlock).Write();
            await WriteAsync(inbound.Stream, answer, isLast: true, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            await RefuseAsync(inbound.Stream, BulkCode.Failed, default, cancellationToken).ConfigureAwait(false);
        }
    }
}
