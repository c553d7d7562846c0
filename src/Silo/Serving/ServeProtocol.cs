using Microsoft.Extensions.Options;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

/// <summary>Serves payload_by_number from the store, where a block lies in the bytes that go on the wire.</summary>
/// <remarks>Order of work, cheapest refusal first: bucket, request, bounds, index, bytes (op-node p2p/sync.go,
/// <c>handleSyncRequest</c>, whose result codes and deadlines these are).</remarks>
internal sealed class ServeProtocol(ChainRegistry chains, IOptions<ServeOptions> options, TimeProvider time, ServeLeases? leases = null) : IDisposable
{
    private readonly ServeGate _gate = new(new ServeThrottle(options.Value, time), leases, time);
    private readonly FairShares _answers = new(options.Value.AnswerBytesMax);
    private readonly CancellationTokenSource _stopping = new();
    private ServeMetrics? _metrics;
    private long _served;
    private long _refused;

    /// <summary>Blocks sent so far.</summary>
    public long Served => Interlocked.Read(ref _served);

    /// <summary>Requests answered with an error code so far.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Registers both spellings of the protocol of every chain, and what OpSync peers ask in bulk.</summary>
    public void Register(Swarm swarm)
    {
        _metrics ??= new ServeMetrics(Measure);
        foreach ((string protocol, ProtocolHandler handler) in Handlers()) swarm.Handle(protocol, handler);
    }

    /// <summary>Every protocol of every chain, and what serves it.</summary>
    internal IEnumerable<(string Protocol, ProtocolHandler Handler)> Handlers()
    {
        foreach (ServedChain chain in chains.Chains)
        {
            foreach (string protocol in chain.Protocols) yield return (protocol, (stream, ct) => HandleAsync(chain, stream, ct));
        }

        BulkServer bulk = new(chains, options.Value, _gate, _answers, blocks => Interlocked.Add(ref _served, blocks), limit => _metrics?.Refused(limit), time, _stopping.Token);
        foreach ((string, ProtocolHandler) handler in bulk.Handlers()) yield return handler;
    }

    /// <summary>Bytes of answers on their way.</summary>
    internal long AnswerBytes => _answers.Used;

    /// <summary>Ends what it does for nobody in particular, and the observation of its limits.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        _metrics?.Dispose();
    }

    private async ValueTask HandleAsync(ServedChain chain, InboundStream inbound, CancellationToken cancellationToken)
    {
        if (!_gate.Throttle.TryEnter(inbound.Peer))
        {
            _metrics?.Refused(nameof(ServeOptions.PeerOpenMax));
            await AnswerAsync(inbound.Stream, ResultCode.Unknown, null, cancellationToken).ConfigureAwait(false);
            return;
        }

        int accounted = 0;
        try
        {
            ResultCode code = ResultCode.Unknown;
            byte[]? wire = null;
            if (await _gate.WaitForTokenAsync(inbound.Peer, inbound.RemoteIp, cancellationToken).ConfigureAwait(false) is { } limit)
            {
                _metrics?.Refused(limit);
            }
            else
            {
                ulong number = await ReadNumberAsync(inbound.Stream, cancellationToken).ConfigureAwait(false);
                (code, wire) = await LookUpAsync(chain, number, cancellationToken).ConfigureAwait(false);
            }

            // A reader who takes his time holds the answer in memory: all such answers share one bound.
            if (wire is not null && _answers.TryTake(inbound.RemoteIp, wire.Length))
            {
                accounted = wire.Length;
            }
            else if (wire is not null)
            {
                (code, wire) = (ResultCode.Unknown, null);
                _metrics?.Refused(nameof(ServeOptions.AnswerBytesMax));
            }

            await AnswerAsync(inbound.Stream, code, wire, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (accounted > 0) _answers.Return(inbound.RemoteIp, accounted);
            _gate.Throttle.Leave(inbound.Peer);
        }
    }

    /// <summary>Its token is spent whatever comes: a request that never comes whole costs what a good one does. What follows the 8 bytes
    /// is not looked at, as op-node does not; the swarm bounds and drops it.</summary>
    private async ValueTask<ulong> ReadNumberAsync(Libp2pStream stream, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.Value.ReadTimeout, time, cancellationToken);
        byte[] request = new byte[PayloadByNumber.RequestSize];
        try
        {
            await stream.ReadExactlyAsync(request, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _metrics?.Refused(nameof(ServeOptions.ReadTimeout));
            throw;
        }

        PayloadByNumber.TryReadRequest(request, out ulong number);
        return number;
    }

    private async ValueTask AnswerAsync(Libp2pStream stream, ResultCode code, byte[]? wire, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.Value.WriteTimeout, time, cancellationToken);
        try
        {
            await stream.WriteAsync(wire ?? [(byte)code], deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            _metrics?.Refused(nameof(ServeOptions.WriteTimeout));
            throw;
        }

        _metrics?.Answered(code);
        Interlocked.Increment(ref wire is null ? ref _refused : ref _served);
        await stream.CloseWriteAsync(deadline.Token).ConfigureAwait(false);
    }

    /// <summary>The bounds of op-node's server, then the canonical block. What only a caller vouches for is not served.</summary>
    private async ValueTask<(ResultCode Code, byte[]? Wire)> LookUpAsync(ServedChain chain, ulong number, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow() + options.Value.FutureMax;
        long unixSeconds = now.ToUnixTimeSeconds();
        if (number < chain.Spec.Genesis.Number || unixSeconds < 0
            || chain.Spec.ExpectedNumberAt((ulong)unixSeconds) is not { } newest || number > newest)
        {
            return (ResultCode.InvalidRequest, null);
        }

        try
        {
            StoredBlock? block = await chain.Store.GetAsync(number, TrustRank.Signed, cancellationToken).ConfigureAwait(false);
            return block is null ? (ResultCode.NotFound, null) : (ResultCode.Success, block.Wire);
        }
        catch (IOException)
        {
            return (ResultCode.Unknown, null);
        }
    }

    private IEnumerable<(string Limit, long Used, long Max)> Measure() =>
    [
        (nameof(ServeOptions.WaitingMax), _gate.Throttle.Waiting, options.Value.WaitingMax),
        (nameof(ServeOptions.PeersMax), _gate.Throttle.Peers, options.Value.PeersMax),
        (nameof(ServeOptions.AnswerBytesMax), _answers.Used, _answers.Capacity),
    ];
}
