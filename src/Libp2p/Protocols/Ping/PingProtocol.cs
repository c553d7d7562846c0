using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Protocols.Ping;

/// <summary>The libp2p ping protocol: 32 bytes go there and come back (libp2p ping spec).</summary>
public sealed class PingProtocol
{
    /// <summary>Protocol id.</summary>
    public const string ProtocolId = "/ipfs/ping/1.0.0";

    /// <summary>Bytes of one ping.</summary>
    public const int Size = 32;

    /// <summary>Time an inbound ping stream may stay silent before it is reset.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Pings of one inbound stream that are echoed at once; more reset it. Others ask one every few seconds.</summary>
    public const int Burst = 32;

    /// <summary>Pings of one inbound stream that are echoed per second in the long run.</summary>
    public const int PerSecond = 4;

    /// <summary>Time for one ping of ours.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private static readonly string[] s_protocols = [ProtocolId];

    private readonly TimeProvider _time;
    private readonly HashSet<PeerId> _served = [];   // its own lock; bounded by the connections

    internal PingProtocol(TimeProvider time) => _time = time;

    /// <summary>Pings a connected peer once.</summary>
    /// <returns>The round trip; null when the peer is not connected, does not speak ping, or did not answer rightly in time.</returns>
    public static async ValueTask<TimeSpan?> MeasureAsync(
        Swarm swarm, PeerId peer, CancellationToken cancellationToken)
    {
        TimeProvider time = swarm.Time;
        using Deadline deadline = new(AnswerTimeout, time, cancellationToken);
        try
        {
            // Not optimistic: the negotiation's round trip must not count.
            OpenResult open = await swarm.OpenStreamAsync(peer, s_protocols, optimistic: false, deadline.Token);
            if (!open.IsOpened)
                return null;
            await using (open.Stream)
            {
                byte[] sent = Guid.NewGuid().ToByteArray();
                Array.Resize(ref sent, Size);
                byte[] received = new byte[Size];
                long start = time.GetTimestamp();
                await open.Stream.WriteAsync(sent, deadline.Token);
                int read = await open.Stream.ReadAtLeastAsync(received, Size, throwOnEndOfStream: false, deadline.Token);
                TimeSpan roundTrip = time.GetElapsedTime(start);
                return read == Size && received.AsSpan().SequenceEqual(sent) ? roundTrip : null;
            }
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Echoes until the remote half-closes. One stream per peer; a second one, and one with too many pings, is reset.</summary>
    internal async ValueTask ServeAsync(InboundStream request, CancellationToken cancellationToken)
    {
        lock (_served)
        {
            if (!_served.Add(request.Peer))
            {
                request.Stream.Reset();
                return;
            }
        }
        try
        {
            using Deadline idle = new(IdleTimeout, _time, cancellationToken);
            byte[] buffer = new byte[Size];
            TokenMeter pings = new(Burst, PerSecond, _time);
            while (await request.Stream.ReadAtLeastAsync(buffer, Size, throwOnEndOfStream: false, idle.Token) == Size)
            {
                if (!pings.TryTake(1))
                {
                    request.Stream.Reset();
                    return;
                }
                await request.Stream.WriteAsync(buffer, idle.Token);
                idle.Restart(IdleTimeout);
            }
        }
        finally
        {
            lock (_served)
                _served.Remove(request.Peer);
        }
    }
}
