using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;

namespace OpSync.Silo.Serving;

/// <summary>The serve protocol alone: one swarm over stores that are only read, without grains. Runs beside a writer of the same
/// data directory.</summary>
public sealed class ServeNode : IAsyncDisposable
{
    private readonly Swarm _swarm;
    private readonly ServeProtocol _protocol;

    private ServeNode(Swarm swarm, ServeProtocol protocol)
    {
        _swarm = swarm;
        _protocol = protocol;
    }

    /// <summary>Full addresses, peer id included.</summary>
    public IReadOnlyList<Multiaddr> Addresses => _swarm.ListenAddresses;

    /// <summary>Blocks sent so far.</summary>
    public long Served => _protocol.Served;

    /// <summary>Requests answered with an error code so far.</summary>
    public long Refused => _protocol.Refused;

    /// <summary>Starts to listen and serve.</summary>
    /// <exception cref="IOException">The address cannot be bound.</exception>
    public static async Task<ServeNode> StartAsync(
        ChainRegistry chains, PeerIdentity identity, IReadOnlyList<Multiaddr> listen, ServeOptions serve, SwarmOptions options,
        TimeProvider time, ILogger log, CancellationToken cancellationToken)
    {
        Swarm swarm = new(options, identity, log, time, null);
        ServeProtocol protocol = new(chains, Options.Create(serve), time);
        protocol.Register(swarm);
        foreach (Multiaddr address in listen) await swarm.ListenAsync(address, cancellationToken).ConfigureAwait(false);
        return new ServeNode(swarm, protocol);
    }

    /// <summary>Stops accepting, lets requests in progress end for a bounded time, closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _swarm.DisposeAsync().ConfigureAwait(false);
        _protocol.Dispose();
    }
}
