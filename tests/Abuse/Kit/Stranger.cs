using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Yamux;

namespace OpSync.Abuse.Kit;

/// <summary>Somebody with an identity and an address of his own, who goes as far into a connection as a test wants and then sends
/// what he likes.</summary>
internal sealed class Stranger : IDisposable
{
    private readonly PeerIdentity _identity = PeerIdentity.Create(KeyType.Ed25519);
    private readonly Socket _socket;
    private SecureChannel? _channel;

    private Stranger(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    /// <summary>An address of the loopback network: numbers 0 to 65,535 give as many subnets.</summary>
    public static IPAddress Source(int subnet, int host = 1) => new([127, (byte)(1 + (subnet >> 8)), (byte)subnet, (byte)host]);

    /// <summary>Connects from a source address; null when the target refused or dropped it.</summary>
    public static async Task<Stranger?> ConnectAsync(IPEndPoint target, IPAddress source, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
        try
        {
            socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(target, cancellationToken);
            return new Stranger(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Connects and goes through the handshake, yamux agreed on inside it; null when it was refused on the way.</summary>
    public static async Task<Stranger?> SecureAsync(IPEndPoint target, IPAddress source, CancellationToken cancellationToken)
    {
        if (await ConnectAsync(target, source, cancellationToken) is not { } stranger) return null;
        NetworkStream transport = new(stranger._socket, ownsSocket: false);
        if ((await MultistreamSelect.DialAsync(transport, [NoiseUpgrade.ProtocolId], cancellationToken)).IsSelected)
        {
            NoiseResult noise = await NoiseUpgrade.DialAsync(
                transport, stranger._identity, null, [YamuxSession.ProtocolId], cancellationToken);
            if (noise.IsOk)
            {
                stranger._channel = noise.Channel;
                return stranger;
            }
        }

        stranger.Dispose();
        return null;
    }

    /// <summary>Sends bytes as they are; false when the target has closed.</summary>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (_channel is null) await _socket.SendAsync(bytes, cancellationToken);
            else await _channel.WriteAsync(bytes, default, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Sends frames in one piece.</summary>
    public Task<bool> TrySendAsync(IEnumerable<YamuxHeader> frames, CancellationToken cancellationToken)
    {
        List<byte> bytes = [];
        byte[] one = new byte[YamuxHeader.Size];
        foreach (YamuxHeader frame in frames)
        {
            frame.Write(one);
            bytes.AddRange(one);
        }

        return TrySendAsync(bytes.ToArray(), cancellationToken);
    }

    /// <summary>Opens a stream for a protocol and sends the first bytes behind it, without waiting for an answer.</summary>
    public Task<bool> TryOpenAsync(uint id, string protocol, ReadOnlySpan<byte> first, CancellationToken cancellationToken)
    {
        byte[] body = [.. Line(MultistreamSelect.ProtocolId), .. Line(protocol), .. first];
        byte[] frame = new byte[YamuxHeader.Size + body.Length];
        new YamuxHeader(YamuxType.Data, YamuxFlags.Syn, id, (uint)body.Length).Write(frame.AsSpan(0, YamuxHeader.Size));
        body.CopyTo(frame.AsSpan(YamuxHeader.Size));
        return TrySendAsync(frame, cancellationToken);
    }

    /// <summary>Reads and drops until the target closes; returns the bytes that came.</summary>
    public async Task<long> DrainAsync(CancellationToken cancellationToken)
    {
        long sum = 0;
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                int read = _channel is null
                    ? await _socket.ReceiveAsync(buffer, cancellationToken)
                    : (await _channel.ReadAsync(cancellationToken)).Length;
                if (read == 0) return sum;
                sum += read;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return sum;
        }
    }

    public void Dispose()
    {
        _channel?.Abort();
        _socket.Dispose();
        _identity.Dispose();
    }

    private static byte[] Line(string text) => [(byte)(text.Length + 1), .. System.Text.Encoding.ASCII.GetBytes(text), (byte)'\n'];
}
