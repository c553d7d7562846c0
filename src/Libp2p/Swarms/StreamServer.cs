using System.Buffers;
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Swarms;

/// <summary>Agrees with remotes on the protocol of the streams they open, and runs the handlers.</summary>
internal sealed class StreamServer(SwarmOptions options, ILogger logger, TimeProvider time)
{
    /// <summary>Bytes a remote may still send after its answer; more resets the stream.</summary>
    private const int LingerBytesMax = 64 * 1024;

    /// <summary>Protocols below it keep a connection going and are not what it is for.</summary>
    private const string BuiltInPrefix = "/ipfs/";

    private sealed record Handlers(FrozenDictionary<string, ProtocolHandler> ById, FrozenSet<string> Ids);

    private readonly Lock _gate = new();
    private readonly WorkTracker _running = new();
    private readonly FairShares _shares = new(options.InboundStreamsTotalMax);
    private Handlers _handlers = new(FrozenDictionary<string, ProtocolHandler>.Empty, []);

    /// <summary>Protocols served now.</summary>
    public IReadOnlyCollection<string> Protocols => Volatile.Read(ref _handlers).Ids;

    /// <summary>Streams being served.</summary>
    public WorkTracker Running => _running;

    public void Handle(string protocol, ProtocolHandler handler)
    {
        lock (_gate)
        {
            var byId = new Dictionary<string, ProtocolHandler>(_handlers.ById) { [protocol] = handler };
            Volatile.Write(ref _handlers, new Handlers(byId.ToFrozenDictionary(), byId.Keys.ToFrozenSet()));
        }
    }

    /// <summary>Serves the stream on a task of its own, which the tracker counts; above the limit it is reset.</summary>
    public void Start(Connection connection, Libp2pStream stream)
    {
        if (!_shares.TryTake(connection.Info.RemoteIp, 1))
        {
            stream.Dispose();
            connection.Session.ChargeFruitless();
            SwarmMetrics.Inbound("limit");
            LimitMetrics.Refused(nameof(options.InboundStreamsTotalMax));
            return;
        }
        _running.Enter();
        _ = ServeAsync(connection, stream);
    }

    private async Task ServeAsync(Connection connection, Libp2pStream stream)
    {
        // Bytes may be here already: without a yield the handler would run inside the connection's accept loop.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        string protocol = "", outcome = "served";
        bool isUse = false;
        using Deadline deadline = new(options.NegotiateTimeout, time, connection.Ended);
        try
        {
            Handlers handlers = Volatile.Read(ref _handlers);
            MultistreamResult agreed = await MultistreamSelect.ListenAsync(stream, handlers.Ids, deadline.Token);
            if (!agreed.IsSelected)
            {
                outcome = "unsupported";
                return;
            }
            protocol = agreed.Protocol!;
            deadline.Restart(Timeout.InfiniteTimeSpan);
            isUse = !protocol.StartsWith(BuiltInPrefix, StringComparison.Ordinal);
            if (isUse)
                connection.CountUse(1);
            ConnectionInfo from = connection.Info;
            await handlers.ById[protocol](new InboundStream(stream, from.Peer, from.RemoteIp, protocol, from.Id), deadline.Token);
            deadline.Restart(options.LingerTimeout);
            await FinishAsync(stream, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";   // too slow, or the connection ended
            if (!connection.Ended.IsCancellationRequested)
                LimitMetrics.Refused(protocol.Length == 0 ? nameof(options.NegotiateTimeout) : nameof(options.LingerTimeout));
        }
        catch (IOException)
        {
            outcome = "lost";        // reset by the remote, or the connection was lost
        }
#pragma warning disable CA1031 // a handler's bug ends its stream and is told; other streams go on
        catch (Exception e)
#pragma warning restore CA1031
        {
            outcome = "failed";
            Log.HandlerFailed(logger, protocol, e);
        }
        finally
        {
            await stream.DisposeAsync();   // a reset, unless both halves are closed
            if (isUse)
                connection.CountUse(-1);
            if (outcome is not ("served" or "failed"))
                connection.Session.ChargeFruitless();
            SwarmMetrics.Inbound(outcome);
            _shares.Return(connection.Info.RemoteIp, 1);
            _running.Exit();
        }
    }

    /// <summary>Half-closes and waits for the remote to do the same: a reset could overtake the answer in the remote's buffers.</summary>
    private static async ValueTask FinishAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        await stream.CloseWriteAsync(cancellationToken);
        byte[] dropped = ArrayPool<byte>.Shared.Rent(1024);
        try
        {
            int read, sum = 0;
            do
                sum += read = await stream.ReadAsync(dropped, cancellationToken);
            while (read > 0 && sum <= LingerBytesMax);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }
}
