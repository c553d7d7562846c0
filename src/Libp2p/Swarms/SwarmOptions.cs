using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>Limits and names of a swarm. Times are per attempt; counts are for the whole process unless they say otherwise.</summary>
public sealed record SwarmOptions
{
    /// <summary>Connections in all, 1 to 10,000.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>Connections others opened: what <see cref="ConnectionsMax"/> leaves is kept for peers we dial.</summary>
    public int InboundConnectionsMax { get; init; } = 192;

    /// <summary>Connections with one peer, 1 or more. Two, since both sides may dial at the same time. A further one, whose peer
    /// has proved its identity, takes the place of the oldest: it may be dead without our knowing.</summary>
    public int ConnectionsPerPeerMax { get; init; } = 2;

    /// <summary>Inbound connections from one IPv4 address or one IPv6 /64, handshakes included.</summary>
    public int ConnectionsPerAddressMax { get; init; } = 32;

    /// <summary>Inbound connections whose handshake is not done. Above it, new ones are closed unread.</summary>
    public int HandshakesMax { get; init; } = 64;

    /// <summary>The same for one address, so that one host cannot take all of them.</summary>
    public int HandshakesPerAddressMax { get; init; } = 16;

    /// <summary>Dials at a time. Above it the answer is <see cref="DialOutcome.LimitReached"/>.</summary>
    public int DialsMax { get; init; } = 32;

    /// <summary>Socket addresses tried in one dial; the rest is ignored.</summary>
    public int DialAddressesMax { get; init; } = 16;

    /// <summary>Inbound streams handled at a time over all connections; more are reset. <see cref="YamuxOptions.InboundStreamsMax"/>
    /// bounds one connection.</summary>
    public int InboundStreamsMax { get; init; } = 2_048;

    /// <summary>Received, unread bytes over all connections. A stream that would go above is reset.</summary>
    public long BufferedBytesMax { get; init; } = 128 * 1024 * 1024;

    /// <summary>Connections the operating system holds for us until they are accepted.</summary>
    public int ListenBacklog { get; init; } = 128;

    /// <summary>Time of one dial over all of the peer's addresses, name resolution and handshake included. op-node: 10 s.</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time an inbound connection has for handshake and muxer. op-node: 10 s.</summary>
    public TimeSpan UpgradeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time to agree on the protocol of a stream, opened by either side. op-node: 5 s.</summary>
    public TimeSpan NegotiateTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for one identify exchange.</summary>
    public TimeSpan IdentifyTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time a remote has to end its half of a stream that a handler has answered; then it is reset.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that running handlers have to finish when the swarm is disposed.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Name and version told to others by identify.</summary>
    public string AgentVersion { get; init; } = "opsync/0.1.0";

    /// <summary>Limits of the noise handshake.</summary>
    public NoiseOptions Noise { get; init; } = NoiseOptions.Default;

    /// <summary>Limits of each connection's muxer.</summary>
    public YamuxOptions Muxer { get; init; } = new();

    /// <summary>Checks the ranges, the muxer's included.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsMax, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(InboundConnectionsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsPerPeerMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsPerAddressMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakesPerAddressMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DialsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DialAddressesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(InboundStreamsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BufferedBytesMax, Muxer.BufferedBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(ListenBacklog, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DialTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(UpgradeTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(NegotiateTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdentifyTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LingerTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainTimeout, TimeSpan.Zero);
        Muxer.Validate();
    }
}
