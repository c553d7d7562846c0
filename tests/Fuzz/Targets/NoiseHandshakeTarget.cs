using System.Buffers.Binary;
using OpSync.Fuzz.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Noise;

namespace OpSync.Fuzz.Targets;

/// <summary>A whole noise handshake against a remote that sends the payload in the input and tampers with its own messages.</summary>
/// <remarks>Layout: a byte for roles, one for the count of edits, four per edit (message, kind, place, value), the payload.</remarks>
internal sealed class NoiseHandshakeTarget : FuzzTarget
{
    private const int Head = 2, EditSize = 4, EditsMax = 4;
    private const int Dials = 1, ExpectsSomebody = 2, OffersMuxer = 4;
    private const string Muxer = "/yamux/1.0.0";

    private static readonly PeerIdentity Local = Identities.All[1];

    public override string Name => "noise-handshake";

    public override int SizeMax => 6_000;

    public override int VerdictsMin => 5;

    // Eight multiplications on the curve.
    public override int Cost => 4;

    public override byte[] Generate(Random random) => [(byte)(random.Next(2) * Dials), 0, .. NoisePayloadTarget.Next(random, 0)];

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        int payload = input.Length < Head ? input.Length : Math.Min(input.Length, Head + EditSize * (input[1] % EditsMax));
        Proto.Describe(input, payload, input.Length, structure);
    }

    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        if (input.Length < Head) return null;
        byte roles = random.Next(3) == 0 ? (byte)random.Next(8) : input[0];
        if (random.Next(3) == 0 || input[1] % EditsMax == EditsMax - 1) return [roles, .. input.AsSpan(1)];
        return [roles, (byte)(input[1] % EditsMax + 1), (byte)random.Next(3), (byte)random.Next(4), (byte)random.Next(256), (byte)random.Next(256), .. input.AsSpan(Head)];
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        bool dials = (input[0] & Dials) != 0;
        int payloadAt = Math.Min(input.Length, Head + EditSize * (input[1] % EditsMax));
        byte[] payload = input[payloadAt..];
        if (payload.Length > 5_000) return default;   // the remote's own buffer ends there
        PeerId? expected = dials && (input[0] & ExpectsSomebody) != 0 ? Identities.All[0].Id : null;
        string[] muxers = (input[0] & OffersMuxer) != 0 ? [Muxer] : [];
        using Remote remote = new(!dials, payload, input[Head..payloadAt]);

        AllocationBound bound = AllocationBound.Start();
        NoiseResult result = Completed.Get(dials
            ? NoiseUpgrade.DialAsync(remote, Local, expected, muxers, CancellationToken.None)
            : NoiseUpgrade.ListenAsync(remote, Local, muxers, CancellationToken.None));
        bound.End(256 * 1024);

        FuzzFailure.Unless(Enum.IsDefined(result.Verdict), "unknown verdict:", $"{result.Verdict}");
        FuzzFailure.UnlessEqual(result.IsOk, result.Channel is not null && result.RemoteKey is not null && result.Remote is not null, "parts of a result:");
        FuzzFailure.Unless(!remote.HasTampered || !result.IsOk, "a handshake that was tampered with succeeded");
        if (!remote.HasTampered) CheckHonest(result, payload, expected, muxers, remote.WasTooLong);
        if (!result.IsOk) return Verdict.Of(false, (int)result.Verdict << 1 | (dials ? 1 : 0));

        // Both directions carry data.
        remote.Finish("hello"u8);
        byte[] heard = Completed.Get(result.Channel.ReadAsync(CancellationToken.None)).ToArray();
        FuzzFailure.UnlessSame("hello"u8, heard, "first bytes on the channel:");
        Completed.Check(result.Channel.WriteAsync("world"u8.ToArray(), default, CancellationToken.None));
        FuzzFailure.UnlessSame("world"u8, remote.Hear(), "answer on the channel:");
        result.Channel.Abort();
        return Verdict.Of(true, 64 | (dials ? 1 : 0) | (result.Muxer is null ? 0 : 2));
    }

    private static void CheckHonest(NoiseResult result, byte[] payload, PeerId? expected, string[] muxers, bool wasTooLong)
    {
        if (wasTooLong)
        {
            FuzzFailure.UnlessEqual(NoiseVerdict.MessageTooLong, result.Verdict, "a message above the limit:");
            return;
        }

        (NoiseVerdict? verdict, byte[]? identity, List<string>? theirs) = NoisePayloadTarget.Expect(payload);
        if (verdict == NoiseVerdict.Ok)
        {
            bool isExpected = expected is null || Identities.All[0].PublicKey.Protobuf.Span.SequenceEqual(identity);
            bool haveCommon = muxers.Length == 0 || theirs!.Count == 0 || theirs.Contains(Muxer);
            verdict = !isExpected ? NoiseVerdict.PeerIdMismatch : haveCommon ? NoiseVerdict.Ok : NoiseVerdict.NoCommonMuxer;
            string? muxer = verdict == NoiseVerdict.Ok && muxers.Length > 0 && theirs!.Count > 0 ? Muxer : null;
            FuzzFailure.UnlessEqual(muxer, result.Muxer, "muxer:");
        }

        if (verdict is not null) FuzzFailure.UnlessEqual(verdict, result.Verdict, "verdict:");
        else FuzzFailure.Unless(!result.IsOk, "accepted a signature that nobody made");
    }

    /// <summary>The other side, which answers when it is read from.</summary>
    private sealed class Remote(bool isInitiator, byte[] payload, byte[] edits) : Stream
    {
        private const int MessageMax = 4_096;

        private readonly XxHandshake _handshake = new(isInitiator, Identities.Static, DhKeyPair.Create());
        private readonly List<byte> _heard = [];
        private byte[] _said = [];
        private int _saidAt;
        private int _message;
        private bool _isBroken;
        private (CipherState Send, CipherState Receive) _ciphers;

        /// <summary>A message reached the other side changed.</summary>
        public bool HasTampered { get; private set; }

        public bool WasTooLong { get; private set; }

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_saidAt == _said.Length) Speak();
            int count = Math.Min(buffer.Length, _said.Length - _saidAt);
            _said.AsSpan(_saidAt, count).CopyTo(buffer.Span);
            _saidAt += count;
            return ValueTask.FromResult(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _heard.AddRange(buffer.Span);
            return default;
        }

        /// <summary>Ends the handshake and sends one frame.</summary>
        public void Finish(ReadOnlySpan<byte> text)
        {
            if (!isInitiator || _message < XxHandshake.Messages) Listen();
            _ciphers = _handshake.Split();
            byte[] frame = new byte[2 + text.Length + CipherState.TagSize];
            BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
            _ciphers.Send.TryEncrypt(text, frame.AsSpan(2));
            (_said, _saidAt) = (frame, 0);
        }

        /// <summary>The plaintext of the frame that was heard.</summary>
        public byte[] Hear()
        {
            byte[] plain = new byte[_heard.Count - 2 - CipherState.TagSize];
            FuzzFailure.Unless(_ciphers.Receive.TryDecrypt([.. _heard[2..]], plain), "the other side's frame does not open");
            return plain;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _ciphers.Send?.Dispose();
            _ciphers.Receive?.Dispose();
            _handshake.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>Takes the message that the other side has sent.</summary>
        private void Listen()
        {
            if (_isBroken || _heard.Count < 2) return;
            byte[] message = [.. _heard[2..]];
            _heard.Clear();
            _isBroken = !_handshake.TryRead(message, new byte[message.Length], out _);
            _message++;
        }

        /// <summary>Sends the next message, if it is this side's turn.</summary>
        private void Speak()
        {
            if (_message % 2 == 0 != isInitiator) Listen();
            if (_isBroken || _message >= XxHandshake.Messages || _message % 2 == 0 != isInitiator) return;
            byte[] buffer = new byte[2 + payload.Length + XxHandshake.OverheadMax];
            if (!_handshake.TryWrite(_message == 0 ? [] : payload, buffer.AsSpan(2), out int size)) return;
            BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)size);
            WasTooLong |= size > MessageMax;
            byte[] honest = buffer[..(2 + size)];
            byte[] sent = Edit(honest);
            HasTampered |= !sent.AsSpan().SequenceEqual(honest);
            (_said, _saidAt) = (sent, 0);
            _message++;
        }

        private byte[] Edit(byte[] message)
        {
            for (ReadOnlySpan<byte> rest = edits; rest.Length >= EditSize; rest = rest[EditSize..])
            {
                if (rest[0] % XxHandshake.Messages != _message || message.Length == 0) continue;
                int place = rest[2] % message.Length;
                message = (rest[1] % 4) switch
                {
                    0 => [.. message.AsSpan(0, place), (byte)(message[place] ^ rest[3]), .. message.AsSpan(place + 1)],
                    1 => message[..place],
                    2 => [.. message.AsSpan(0, place), rest[3], .. message.AsSpan(place)],
                    _ => [.. message.AsSpan(0, place), .. message.AsSpan(place + 1)],
                };
            }

            return message;
        }
    }
}
