using System.Buffers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Protocols.Identify;

/// <summary>Tells others who we are, and asks each new connection who is there (libp2p identify spec). The swarm runs it.</summary>
internal sealed class IdentifyService(
    Swarm swarm, SwarmOptions options, PublicKey key, SwarmEvents events, TimeProvider time)
{
    public const string ProtocolId = "/ipfs/id/1.0.0";
    public const string PushProtocolId = "/ipfs/id/push/1.0.0";

    private static readonly string[] s_protocols = [ProtocolId];

    /// <summary>Answers with one message; who asks too often is reset.</summary>
    public async ValueTask ServeAsync(InboundStream request, CancellationToken cancellationToken)
    {
        if (swarm.Find(request.Peer, request.Connection) is not { } connection || !connection.MayAsk())
        {
            request.Stream.Reset();
            return;
        }
        using Deadline deadline = new(options.IdentifyTimeout, time, cancellationToken);
        byte[] message = IdentifyMessage.Encode(
            new IdentifyInfo
            {
                ProtocolVersion = Swarm.ProtocolVersion,
                AgentVersion = options.AgentVersion,
                Protocols = [.. swarm.Protocols],
                ListenAddresses = [.. swarm.ListenAddresses.Select(static a => a.WithoutPeerId())],
                ObservedAddress = connection.Info.Address,
            },
            key);
        await request.Stream.WriteAsync(message, deadline.Token);
    }

    /// <summary>Reads news of a peer; too many are reset unread.</summary>
    public async ValueTask ReceivePushAsync(InboundStream request, CancellationToken cancellationToken)
    {
        if (swarm.Find(request.Peer, request.Connection) is not { } connection || !connection.MayPush())
        {
            request.Stream.Reset();
            return;
        }
        await ReadAsync(connection, request.Stream, cancellationToken);
    }

    /// <summary>Asks a new connection. What goes wrong is the peer's choice: nothing is known of it then.</summary>
    public async Task AskAsync(Connection connection)
    {
        try
        {
            OpenResult open = await swarm.OpenStreamAsync(connection, s_protocols, optimistic: false, connection.Ended);
            if (!open.IsOpened)
                return;
            await using (open.Stream)
            {
                await open.Stream.CloseWriteAsync(connection.Ended);
                await ReadAsync(connection, open.Stream, connection.Ended);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection ended first.
        }
        catch (IOException)
        {
            // Reset by the peer.
        }
    }

    private async ValueTask ReadAsync(Connection connection, Libp2pStream stream, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.IdentifyTimeout, time, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(IdentifyMessage.SizeMax + 1);
        try
        {
            int length = await ReadUpToAsync(stream, buffer.AsMemory(0, IdentifyMessage.SizeMax + 1), deadline);
            PeerId peer = connection.Info.Peer;
            if (IdentifyMessage.Decode(buffer.AsSpan(0, length), peer, out IdentifyInfo info) != IdentifyVerdict.Ok)
                return;
            connection.SetSpoken(info.Protocols);
            await events.PostAsync(observer => observer.Identified(peer, info));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads to the end. A peer that sends its message and keeps the stream open is taken at its word at the deadline.</summary>
    private static async ValueTask<int> ReadUpToAsync(Libp2pStream stream, Memory<byte> buffer, Deadline deadline)
    {
        int length = 0;
        try
        {
            while (length < buffer.Length && await stream.ReadAsync(buffer[length..], deadline.Token) is var read and > 0)
                length += read;
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            LimitMetrics.Refused(nameof(SwarmOptions.IdentifyTimeout));   // what is there is decoded
        }
        return length;
    }
}
