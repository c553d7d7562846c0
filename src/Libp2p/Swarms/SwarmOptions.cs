using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>Limits and names of a swarm. Times are per attempt; counts are for the whole process unless they say otherwise.</summary>
public sealed record SwarmOptions
{
    /// <summary>Connections in all, 1 to 10,000.</summary>
    public int ConnectionsMax { get; init; } = 256;

    /// <summary>Connections others opened: what <see cref="ConnectionsMax"/> leaves is kept for peers we dial. When all are taken, a
    /// newcomer who has proved his identity takes the place of the one that is of least use, if one is idle or its subnet has far more than his.</summary>
    public int InboundConnectionsMax { get; init; } = 192;

    /// <summary>Connections with one peer, 1 or more. Two, since both sides may dial at the same time. A further one, whose peer
    /// has proved its identity, takes the place of the oldest: it may be dead without our knowing.</summary>
    public int ConnectionsPerPeerMax { get; init; } = 2;

    /// <summary>Inbound connections from one IPv4 address or one IPv6 /64, handshakes included.</summary>
    public int ConnectionsPerAddressMax { get; init; } = 32;

    /// <summary>Inbound connections from one IPv4 /24 or one IPv6 /48, handshakes included.</summary>
    public int ConnectionsPerSubnetMax { get; init; } = 64;

    /// <summary>Time without use after which an inbound connection may have to give way, when all places are taken, to somebody whose
    /// subnet has as many as its own. Op-node's connection manager grants 30 s.</summary>
    public TimeSpan IdleGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The same towards somebody whose subnet has fewer.</summary>
    public TimeSpan CrowdGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Inbound connections whose handshake is not done. Above it, a new one takes the place of the oldest that has had
    /// <see cref="HandshakeGrace"/>, or is closed unread.</summary>
    public int HandshakesMax { get; init; } = 64;

    /// <summary>Time a handshake has in peace, whatever the crowd at the door: its three round trips around the world.</summary>
    public TimeSpan HandshakeGrace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Handshakes at a time from one address, so that one host cannot take all of them.</summary>
    public int HandshakesPerAddressMax { get; init; } = 16;

    /// <summary>Handshakes at a time from one subnet.</summary>
    public int HandshakesPerSubnetMax { get; init; } = 32;

    /// <summary>Handshakes that may begin per second in the long run, over all addresses; each costs about a millisecond of one core.
    /// More are closed unread.</summary>
    public int HandshakeRate { get; init; } = 256;

    /// <summary>Handshakes that may begin at once, over all addresses.</summary>
    public int HandshakeBurst { get; init; } = 512;

    /// <summary>Handshakes that may begin per second in the long run from one subnet.</summary>
    public int HandshakeRatePerSubnet { get; init; } = 32;

    /// <summary>Handshakes that may begin at once from one subnet.</summary>
    public int HandshakeBurstPerSubnet { get; init; } = 128;

    /// <summary>Dials at a time. Above it the answer is <see cref="DialOutcome.LimitReached"/>.</summary>
    public int DialsMax { get; init; } = 32;

    /// <summary>Socket addresses tried in one dial; the rest is ignored.</summary>
    public int DialAddressesMax { get; init; } = 16;

    /// <summary>Inbound streams handled at a time over all connections; more are reset. A subnet gets no more than a quarter of what is
    /// free, so that there is always some left for the next. <see cref="YamuxOptions.InboundStreamsMax"/> bounds one connection.</summary>
    public int InboundStreamsTotalMax { get; init; } = 2_048;

    /// <summary>Received, unread bytes over all connections. A stream that would go above is reset.</summary>
    public long BufferedBytesTotalMax { get; init; } = 128 * 1024 * 1024;

    /// <summary>Received, unread bytes of streams that others opened, over all connections, so that what we are sent unasked cannot displace the answers we asked for.</summary>
    public long InboundBufferedBytesTotalMax { get; init; } = 32 * 1024 * 1024;

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
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectionsPerSubnetMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakesPerSubnetMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeRate, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeBurst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeRatePerSubnet, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeBurstPerSubnet, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeGrace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(IdleGrace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(CrowdGrace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(DialsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DialAddressesMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(InboundStreamsTotalMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BufferedBytesTotalMax, Muxer.BufferedBytesMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(InboundBufferedBytesTotalMax, Muxer.InboundBufferedBytesMax);
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
