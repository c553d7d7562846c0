using Microsoft.Extensions.Options;
using OpSync.Codec.OpStack;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Serving;

/// <summary>Serves payload_by_number from the store, where a block lies in the bytes that go on the wire.</summary>
/// <remarks>Order of work, cheapest refusal first: bucket, request, bounds, index, bytes (op-node p2p/sync.go,
/// <c>handleSyncRequest</c>, whose result codes and deadlines these are).</remarks>
internal sealed class ServeProtocol(ChainRegistry chains, IOptions<ServeOptions> options, TimeProvider time)
{
    private readonly ServeThrottle _throttle = new(options.Value, time);
    private long _served;
    private long _refused;

    /// <summary>Blocks sent so far.</summary>
    public long Served => Interlocked.Read(ref _served);

    /// <summary>Requests answered with an error code so far.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Registers both spellings of the protocol of every chain.</summary>
    public void Register(Swarm swarm)
    {
        foreach (ServedChain chain in chains.Chains)
        {
            foreach (string protocol in chain.Protocols) swarm.Handle(protocol, (stream, ct) => HandleAsync(chain, stream, ct));
        }
    }

    private async ValueTask HandleAsync(ServedChain chain, InboundStream inbound, CancellationToken cancellationToken)
    {
        Libp2pStream stream = inbound.Stream;
        ServeOptions limits = options.Value;
        ResultCode code = ResultCode.Unknown;
        byte[]? wire = null;

        if (_throttle.Admit(inbound.Peer) is { } wait)
        {
            if (wait > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    _throttle.WaitEnded();
                }
            }

            using CancellationTokenSource reading = Deadline(limits.ReadTimeout, cancellationToken);
            byte[] request = new byte[PayloadByNumber.RequestSize];
            await stream.ReadExactlyAsync(request, reading.Token).ConfigureAwait(false);
            PayloadByNumber.TryReadRequest(request, out ulong number);
            (code, wire) = await LookUpAsync(chain, number, cancellationToken).ConfigureAwait(false);
        }

        using CancellationTokenSource writing = Deadline(limits.WriteTimeout, cancellationToken);
        if (wire is not null)
        {
            await stream.WriteAsync(wire, writing.Token).ConfigureAwait(false);
            Interlocked.Increment(ref _served);
        }
        else
        {
            await stream.WriteAsync(new[] { (byte)code }, writing.Token).ConfigureAwait(false);
            Interlocked.Increment(ref _refused);
        }

        await stream.CloseWriteAsync(writing.Token).ConfigureAwait(false);
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

    private CancellationTokenSource Deadline(TimeSpan timeout, CancellationToken cancellationToken)
    {
        CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.CancelAfter(timeout);
        return source;
    }
}
