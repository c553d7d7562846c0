using System.Buffers;
using System.Buffers.Binary;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Noise;

/// <summary>The channel after the handshake: frames of two bytes of length, ciphertext and tag. See the libp2p noise spec, "Wire
/// Format".</summary>
/// <remarks>
/// One reader and one writer at a time; closing may come from any thread. Each read of the transport takes what is there, up to
/// <see cref="ReceiveBufferMax"/>, and frames are decrypted where they lie. Each write of the transport carries as many frames
/// as fit <see cref="SendBufferMax"/>, encrypted straight from the caller's memory where a frame has no part of the head.
/// </remarks>
public sealed class SecureChannel : ISecureChannel
{
    /// <summary>Longest frame body in bytes, tag included: the Noise specification's message limit.</summary>
    public const int FrameSizeMax = 65_535;

    /// <summary>Most plaintext in one frame, in bytes.</summary>
    public const int PlaintextMax = FrameSizeMax - CipherState.TagSize;

    /// <summary>Largest receive buffer of a channel in bytes: two frames. It starts small and grows with the traffic.</summary>
    public const int ReceiveBufferMax = 131_072;

    /// <summary>Most bytes handed to the transport at once; the buffer is held only during a write.</summary>
    public const int SendBufferMax = 262_144;

    private const int LengthSize = 2;
    private const int ReceiveBufferMin = 8_192;
    private const int FrameOverhead = LengthSize + CipherState.TagSize;
    private const int ChunkMax = SendBufferMax - (FrameOverhead * ((SendBufferMax / FrameSizeMax) + 1));

    private readonly Stream _transport;
    private readonly CipherState _send;
    private readonly CipherState _receive;
    private readonly Lock _sendGate = new();      // against closing, which disposes the ciphers
    private readonly Lock _receiveGate = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _ended;
    private Exception? _readFault;
    private bool _writeBroken;
    private volatile bool _closed;
    private int _closing;

    internal SecureChannel(Stream transport, CipherState send, CipherState receive)
    {
        _transport = transport;
        _send = send;
        _receive = receive;
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_readFault is not null) return ValueTask.FromException<ReadOnlyMemory<byte>>(_readFault);
        if (_ended) return default;
        // Frames that came with an earlier read are served without a task or a system call.
        return TryOpenFrame(out ReadOnlyMemory<byte> plaintext)
            ? new(plaintext)
            : _readFault is not null ? ValueTask.FromException<ReadOnlyMemory<byte>>(_readFault) : FillAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (_writeBroken) throw new SecureChannelException(_closed ? ChannelFault.Closed : ChannelFault.WriteBroken);
        _writeBroken = true;   // until it is known to have gone out whole
        try
        {
            while (head.Length + body.Length > 0)
            {
                ReadOnlyMemory<byte> headPart = head[..Math.Min(head.Length, ChunkMax)];
                ReadOnlyMemory<byte> bodyPart = body[..Math.Min(body.Length, ChunkMax - headPart.Length)];
                byte[] buffer = ArrayPool<byte>.Shared.Rent(SealedSize(headPart.Length + bodyPart.Length));
                int size = Seal(headPart.Span, bodyPart.Span, buffer);
                await _transport.WriteAsync(buffer.AsMemory(0, size), cancellationToken);
                ArrayPool<byte>.Shared.Return(buffer);   // not after a failure: the transport may still hold it
                head = head[headPart.Length..];
                body = body[bodyPart.Length..];
            }
        }
        catch (ObjectDisposedException e)
        {
            throw new SecureChannelException(ChannelFault.Closed, e);
        }

        _writeBroken = false;
    }

    /// <inheritdoc/>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0) return;
        _closed = true;
        try
        {
            _transport.Dispose();
        }
        catch (IOException)
        {
            // A transport that cannot even be closed is gone already.
        }

        lock (_sendGate) _send.Dispose();
        lock (_receiveGate) _receive.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    private static int SealedSize(int length) => length + (FrameOverhead * ((length + PlaintextMax - 1) / PlaintextMax));

    private async ValueTask<ReadOnlyMemory<byte>> FillAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            MakeRoom();
            int read;
            try
            {
                read = await _transport.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            }
            catch (ObjectDisposedException e)
            {
                throw BreakRead(new SecureChannelException(ChannelFault.Closed, e));
            }
            catch (IOException e)
            {
                throw BreakRead(e);
            }

            if (read == 0)
            {
                if (_start < _end) throw BreakRead(new SecureChannelException(ChannelFault.Truncated));
                _ended = true;
                ReleaseBuffer();
                return default;
            }

            _end += read;
            if (TryOpenFrame(out ReadOnlyMemory<byte> plaintext)) return plaintext;
            if (_readFault is not null) throw _readFault;
        }
    }

    /// <summary>Decrypts the next whole frame in place. False where more bytes are needed, or the channel has broken.</summary>
    private bool TryOpenFrame(out ReadOnlyMemory<byte> plaintext)
    {
        plaintext = default;
        while (_end - _start >= LengthSize)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start));
            if (length < CipherState.TagSize)
            {
                BreakRead(new SecureChannelException(ChannelFault.FrameTooShort));
                return false;
            }

            if (_end - _start < LengthSize + length) return false;
            Span<byte> frame = _buffer.AsSpan(_start + LengthSize, length);
            lock (_receiveGate)
            {
                if (_closed || !_receive.TryDecrypt(frame, frame))
                {
                    BreakRead(new SecureChannelException(_closed ? ChannelFault.Closed
                        : _receive.Counter == CipherState.CounterEnd ? ChannelFault.CounterExhausted
                        : ChannelFault.BadTag));
                    return false;
                }
            }

            plaintext = _buffer.AsMemory(_start + LengthSize, length - CipherState.TagSize);
            _start += LengthSize + length;
            if (plaintext.Length > 0) return true;   // an empty frame is legal and must not look like the end
        }

        return false;
    }

    /// <summary>Makes the buffer able to take the rest of the frame at hand, and more while the traffic fills it.</summary>
    private void MakeRoom()
    {
        int held = _end - _start;
        int needed = LengthSize;
        if (held >= LengthSize) needed += BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start));
        bool wasFull = _end == _buffer.Length && _buffer.Length < ReceiveBufferMax;
        if (_buffer.Length < needed || wasFull)
        {
            int size = Math.Clamp(Math.Max(needed, 2 * _buffer.Length), ReceiveBufferMin, ReceiveBufferMax);
            byte[] larger = ArrayPool<byte>.Shared.Rent(size);
            _buffer.AsSpan(_start, held).CopyTo(larger);
            ReleaseBuffer();
            _buffer = larger;
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
        }

        (_start, _end) = (0, held);
    }

    /// <summary>Encrypts head and body as one run of bytes into whole frames and returns their size.</summary>
    private int Seal(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, Span<byte> target)
    {
        int at = 0;
        lock (_sendGate)
        {
            if (_closed) throw new SecureChannelException(ChannelFault.Closed);
            while (head.Length + body.Length > 0)
            {
                int length = Math.Min(head.Length + body.Length, PlaintextMax);
                Span<byte> frame = target.Slice(at + LengthSize, length + CipherState.TagSize);
                int fromHead = Math.Min(head.Length, length);
                ReadOnlySpan<byte> plaintext = body[..(length - fromHead)];
                if (fromHead > 0)
                {
                    head[..fromHead].CopyTo(frame);
                    plaintext.CopyTo(frame[fromHead..]);
                    plaintext = frame[..length];
                }

                if (!_send.TryEncrypt(plaintext, frame)) throw new SecureChannelException(ChannelFault.CounterExhausted);
                BinaryPrimitives.WriteUInt16BigEndian(target[at..], (ushort)frame.Length);
                at += LengthSize + frame.Length;
                head = head[fromHead..];
                body = body[(length - fromHead)..];
            }
        }

        return at;
    }

    private Exception BreakRead(Exception fault)
    {
        _readFault = fault;
        ReleaseBuffer();
        return fault;
    }

    /// <summary>Gives the buffer back. Only the reader does, since views of it are the reader's until its next call.</summary>
    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        (_start, _end) = (0, 0);
    }
}
