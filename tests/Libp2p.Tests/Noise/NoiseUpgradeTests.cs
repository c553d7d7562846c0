using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Noise;
using OpSync.Libp2p.Protobuf;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Noise;

public sealed class NoiseUpgradeTests : IDisposable
{
    private const string Yamux = "/yamux/1.0.0";
    private const string Mplex = "/mplex/6.7.0";

    private readonly PeerIdentity _alice = PeerIdentity.Create(KeyType.Ed25519);
    private readonly PeerIdentity _bob = PeerIdentity.Create(KeyType.Secp256k1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
    }

    [Theory]
    [InlineData(KeyType.Ed25519, KeyType.Ed25519)]
    [InlineData(KeyType.Ed25519, KeyType.Secp256k1)]
    [InlineData(KeyType.Secp256k1, KeyType.Ed25519)]
    [InlineData(KeyType.Secp256k1, KeyType.Secp256k1)]
    public async Task Both_sides_prove_their_identity_and_talk(KeyType dialerType, KeyType listenerType)
    {
        using PeerIdentity dialer = PeerIdentity.Create(dialerType), listener = PeerIdentity.Create(listenerType);
        InMemoryDuplex pair = new(readSizeMax: 7);
        Task<NoiseResult> listening = NoiseUpgrade.ListenAsync(pair.Right, listener, [Yamux], Token).AsTask();
        NoiseResult dialled = await NoiseUpgrade.DialAsync(pair.Left, dialer, listener.Id, [Yamux], Token);
        NoiseResult listened = await listening;

        Assert.True(dialled.IsOk && listened.IsOk);
        Assert.Equal((listener.Id, listener.PublicKey, Yamux), (dialled.Remote, dialled.RemoteKey, dialled.Muxer));
        Assert.Equal((dialer.Id, dialer.PublicKey, Yamux), (listened.Remote, listened.RemoteKey, listened.Muxer));
        await dialled.Channel.WriteAsync("to "u8.ToArray(), "listener"u8.ToArray(), Token);
        await listened.Channel.WriteAsync("to "u8.ToArray(), "dialer"u8.ToArray(), Token);
        Assert.Equal("to listener"u8.ToArray(), (await listened.Channel.ReadAsync(Token)).ToArray());
        Assert.Equal("to dialer"u8.ToArray(), (await dialled.Channel.ReadAsync(Token)).ToArray());
    }

    [Fact]
    public async Task Dialer_that_expects_nobody_in_particular_learns_who_answered()
    {
        (NoiseResult dialled, _) = await RunAsync(null, [], []);
        Assert.True(dialled.IsOk);
        Assert.Equal(_bob.Id, dialled.Remote);
    }

    [Fact]
    public async Task Dialer_meeting_another_peer_does_not_tell_its_own_name()
    {
        InMemoryDuplex pair = new();
        Task<NoiseResult> listening = NoiseUpgrade.ListenAsync(pair.Right, _bob, [Yamux], Token).AsTask();
        NoiseResult dialled = await NoiseUpgrade.DialAsync(pair.Left, _alice, _alice.Id, [Yamux], Token);
        Assert.Equal((NoiseVerdict.PeerIdMismatch, _bob.Id), (dialled.Verdict, dialled.Remote));
        Assert.Null(dialled.Channel);

        pair.Left.Dispose();
        NoiseResult listened = await listening;
        Assert.Equal((NoiseVerdict.TransportFailed, null), (listened.Verdict, listened.Remote));
    }

    [Theory]
    [InlineData(new[] { Yamux }, new[] { Mplex, Yamux }, Yamux)]
    [InlineData(new[] { Mplex, Yamux }, new[] { Yamux, Mplex }, Mplex)]   // the initiator's order counts
    [InlineData(new string[0], new[] { Yamux }, null)]
    [InlineData(new[] { Yamux }, new string[0], null)]
    [InlineData(new string[0], new string[0], null)]
    public async Task Muxer_is_the_initiators_first_that_both_have(string[] dialers, string[] listeners, string? expected)
    {
        (NoiseResult dialled, NoiseResult listened) = await RunAsync(_bob.Id, dialers, listeners);
        Assert.True(dialled.IsOk && listened.IsOk);
        Assert.Equal((expected, expected), (dialled.Muxer, listened.Muxer));
    }

    [Fact]
    public async Task Sides_without_a_common_muxer_end_the_handshake()
    {
        (NoiseResult dialled, NoiseResult listened) = await RunAsync(_bob.Id, [Yamux], [Mplex]);
        Assert.Equal((NoiseVerdict.NoCommonMuxer, NoiseVerdict.TransportFailed), (dialled.Verdict, listened.Verdict));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Message_cut_anywhere_ends_in_a_verdict_on_both_sides(int message)
    {
        int size = (await MessagesAsync())[message].Length;
        for (int cut = 0; cut < size; cut++)
        {
            (NoiseResult dialled, NoiseResult listened) = await TamperAsync(message, bytes => bytes[..cut]);
            NoiseResult receiver = message == 1 ? dialled : listened;
            Assert.Equal(cut == 0 ? NoiseVerdict.TransportFailed : NoiseVerdict.Truncated, receiver.Verdict);
            Assert.Null(receiver.Remote);
            // The dialer is done once its last message is on the way; elsewhere nobody gets a channel.
            if (message < 2) Assert.False(dialled.IsOk || listened.IsOk);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Message_with_any_byte_changed_ends_in_a_verdict(int message)
    {
        Random random = Seeds.Create(30 + message);
        int size = (await MessagesAsync())[message].Length;
        for (int at = 0; at < size; at++)
        {
            (NoiseResult dialled, NoiseResult listened) = await TamperAsync(message, bytes =>
            {
                // The top bit of a public key's last byte is ignored (RFC 7748); the transcript hash still covers it.
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            });
            Assert.False(listened.IsOk, $"byte {at}");
            Assert.Equal(message == 2, dialled.IsOk);
        }
    }

    [Fact]
    public async Task Frame_sent_right_after_the_handshake_is_not_swallowed_by_it()
    {
        // The dialer may send its first frame together with the last message: the listener must read that message only.
        InMemoryDuplex pair = new();
        Task<NoiseResult> listening = NoiseUpgrade.ListenAsync(pair.Right, _bob, [Yamux], Token).AsTask();
        NoiseResult dialled = await NoiseUpgrade.DialAsync(pair.Left, _alice, null, [Yamux], Token);
        await dialled.Channel!.WriteAsync(default, "early"u8.ToArray(), Token);
        NoiseResult listened = await listening;
        Assert.Equal("early"u8.ToArray(), (await listened.Channel!.ReadAsync(Token)).ToArray());
    }

    [Theory]
    [InlineData(4_096, NoiseVerdict.MessageTooLong)]
    [InlineData(4_097, NoiseVerdict.Truncated)]
    public async Task Announced_size_above_the_limit_is_refused_unread(int limit, NoiseVerdict expected)
    {
        NoiseOptions options = new() { HandshakeMessageSizeMax = limit };
        byte[] start = [0x10, 0x01, 1];   // 4,097 announced, one sent
        InMemoryDuplex pair = new();
        await pair.Left.WriteAsync(start, Token);
        pair.Left.CloseWrite();
        Assert.Equal(expected, (await NoiseUpgrade.ListenAsync(pair.Right, _bob, [], Token, options)).Verdict);

        pair = new();
        await pair.Right.WriteAsync(start, Token);
        pair.Right.CloseWrite();
        Assert.Equal(expected, (await NoiseUpgrade.DialAsync(pair.Left, _alice, null, [], Token, options)).Verdict);
    }

    [Fact]
    public async Task Static_key_the_identity_did_not_sign_is_refused()
    {
        // Bob's genuine payload, replayed by somebody with a static key of his own.
        NoiseStaticKey genuine = NoiseStaticKey.Of(_bob);
        byte[] payload = NoisePayload.Write(_bob, genuine.Signature, [Yamux]);
        Assert.Equal(NoiseVerdict.BadSignature, (await DialScriptedAsync(_ => payload)).Verdict);
        Assert.Equal(NoiseVerdict.BadSignature, (await ListenScriptedAsync(_ => payload)).Verdict);
    }

    [Fact]
    public async Task Signature_of_another_identity_is_refused()
    {
        byte[] Payload(byte[] staticKey) => NoisePayload.Write(_bob, _alice.Sign(NoiseStaticKey.SignedText(staticKey)), [Yamux]);
        Assert.Equal(NoiseVerdict.BadSignature, (await DialScriptedAsync(Payload)).Verdict);
        Assert.Equal(NoiseVerdict.BadSignature, (await ListenScriptedAsync(Payload)).Verdict);
    }

    [Fact]
    public async Task Signature_without_the_prefix_is_refused() =>
        Assert.Equal(NoiseVerdict.BadSignature, (await DialScriptedAsync(key => NoisePayload.Write(_bob, _bob.Sign(key), []))).Verdict);

    [Theory]
    [InlineData("")]
    [InlineData("ff")]
    [InlineData("0a00")]
    [InlineData("12020102")]
    public async Task Payload_without_an_identity_is_refused(string hex)
    {
        Assert.Equal(NoiseVerdict.BadPayload, (await DialScriptedAsync(_ => Convert.FromHexString(hex))).Verdict);
        Assert.Equal(NoiseVerdict.BadPayload, (await ListenScriptedAsync(_ => Convert.FromHexString(hex))).Verdict);
    }

    [Fact]
    public async Task Identity_key_that_cannot_be_verified_is_refused_as_such()
    {
        NoiseResult result = await DialScriptedAsync(_ => Payload(w =>
        {
            w.WriteBytes(1, [0x08, 9, 0x12, 1, 1]);
            w.WriteBytes(2, [1, 2, 3]);
        }));
        Assert.Equal(NoiseVerdict.IdentityUnsupported, result.Verdict);
    }

    [Fact]
    public async Task Rsa_identity_is_verified()
    {
        using RSA rsa = RSA.Create(2_048);
        byte[] identity = Payload(w =>
        {
            w.WriteVarint(1, (ulong)KeyType.Rsa);
            w.WriteBytes(2, rsa.ExportSubjectPublicKeyInfo());
        });
        NoiseResult result = await DialScriptedAsync(key => Payload(w =>
        {
            w.WriteBytes(1, identity);
            w.WriteBytes(2, rsa.SignData(NoiseStaticKey.SignedText(key), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }));
        Assert.True(result.IsOk);
        Assert.StartsWith("Qm", result.Remote.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_fields_and_extensions_are_ignored_and_a_flood_of_muxers_is_cut()
    {
        NoiseResult result = await DialScriptedAsync(key => Payload(w =>
        {
            w.WriteBytes(1, _bob.PublicKey.Protobuf.Span);
            w.WriteVarint(3, 7);
            w.WriteBytes(2, _bob.Sign(NoiseStaticKey.SignedText(key)));
            w.WriteBytes(4, Payload(e =>
            {
                e.WriteBytes(1, [1, 2, 3]);
                e.WriteString(2, Yamux);
                for (int i = 0; i < 100; i++) e.WriteString(2, "/m/" + i);
            }));
            w.WriteBytes(99, [1]);
        }));
        Assert.True(result.IsOk);
        Assert.Equal(Yamux, result.Muxer);
    }

    [Fact]
    public async Task Extensions_that_do_not_parse_are_refused()
    {
        NoiseResult result = await DialScriptedAsync(key => Payload(w =>
        {
            w.WriteBytes(1, _bob.PublicKey.Protobuf.Span);
            w.WriteBytes(2, _bob.Sign(NoiseStaticKey.SignedText(key)));
            w.WriteBytes(4, [0x12, 9]);
        }));
        Assert.Equal((NoiseVerdict.BadPayload, null), (result.Verdict, result.Remote));
    }

    [Fact]
    public async Task Broken_transport_is_a_verdict()
    {
        InMemoryDuplex pair = new();
        pair.Right.Abort();
        Assert.Equal(NoiseVerdict.TransportFailed, (await NoiseUpgrade.DialAsync(pair.Left, _alice, null, [], Token)).Verdict);
        Assert.Equal(NoiseVerdict.TransportFailed, (await NoiseUpgrade.ListenAsync(pair.Left, _alice, [], Token)).Verdict);
    }

    [Fact]
    public async Task Transport_closed_by_its_owner_is_a_verdict()
    {
        MemoryStream closed = new();
        closed.Dispose();
        Assert.Equal(NoiseVerdict.TransportFailed, (await NoiseUpgrade.DialAsync(closed, _alice, null, [], Token)).Verdict);
        Assert.Equal(NoiseVerdict.TransportFailed, (await NoiseUpgrade.ListenAsync(closed, _alice, [], Token)).Verdict);
    }

    [Fact]
    public async Task Cancellation_of_a_silent_peer_passes_through()
    {
        using CancellationTokenSource source = new();
        Task<NoiseResult> dialling = NoiseUpgrade.DialAsync(new InMemoryDuplex().Left, _alice, null, [], source.Token).AsTask();
        Task<NoiseResult> listening = NoiseUpgrade.ListenAsync(new InMemoryDuplex().Left, _alice, [], source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialling);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    private static byte[] Payload(Action<ProtobufWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        write(new ProtobufWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    private async Task<(NoiseResult Dialled, NoiseResult Listened)> RunAsync(PeerId? expected, string[] dialers, string[] listeners)
    {
        InMemoryDuplex pair = new();
        Task<NoiseResult> listening = CloseOnFailure(NoiseUpgrade.ListenAsync(pair.Right, _bob, listeners, Token), pair.Right);
        NoiseResult dialled = await CloseOnFailure(NoiseUpgrade.DialAsync(pair.Left, _alice, expected, dialers, Token), pair.Left);
        return (dialled, await listening);
    }

    /// <summary>A handshake through somebody in the middle, who changes one of the messages and cuts its direction after it.</summary>
    private async Task<(NoiseResult Dialled, NoiseResult Listened)> TamperAsync(int tampered, Func<byte[], byte[]> change)
    {
        InMemoryDuplex front = new(), back = new();
        Task<NoiseResult> dialling = CloseOnFailure(NoiseUpgrade.DialAsync(front.Left, _alice, _bob.Id, [Yamux], Token), front.Left);
        Task<NoiseResult> listening = CloseOnFailure(NoiseUpgrade.ListenAsync(back.Right, _bob, [Yamux], Token), back.Right);
        for (int message = 0; message < 3; message++)
        {
            (DuplexEnd source, DuplexEnd target) = message == 1 ? (back.Left, front.Right) : (front.Right, back.Left);
            byte[]? bytes = await ReadMessageAsync(source);
            if (bytes is null) break;   // its sender gave up: so must the other, when this end closes below
            await target.WriteAsync(message == tampered ? change(bytes) : bytes, Token);
            if (message == tampered) target.CloseWrite();
            if (message == 1 && tampered == 0) break;
        }

        front.Right.CloseWrite();
        back.Left.CloseWrite();
        return (await dialling, await listening);
    }

    private async Task<byte[][]> MessagesAsync()
    {
        List<byte[]> messages = [];
        for (int message = 0; message < 3; message++)
        {
            await TamperAsync(message, bytes =>
            {
                messages.Add([.. bytes]);
                return bytes;
            });
        }

        return [.. messages];
    }

    /// <summary>Dials a responder that follows the protocol with a static key of its own and a payload of the test's choosing.</summary>
    private async Task<NoiseResult> DialScriptedAsync(Func<byte[], byte[]> payloadOf)
    {
        InMemoryDuplex pair = new();
        Task<NoiseResult> dialling = CloseOnFailure(NoiseUpgrade.DialAsync(pair.Left, _alice, null, [Yamux], Token), pair.Left);
        using DhKeyPair key = DhKeyPair.Create();
        using XxHandshake handshake = new(false, key, DhKeyPair.Create());
        byte[] buffer = new byte[8_192];
        Assert.True(handshake.TryRead((await ReadMessageAsync(pair.Right))!.AsSpan(2), buffer, out _));
        await WriteMessageAsync(handshake, pair.Right, payloadOf(key.PublicKey.ToArray()));
        return await dialling;
    }

    private async Task<NoiseResult> ListenScriptedAsync(Func<byte[], byte[]> payloadOf)
    {
        InMemoryDuplex pair = new();
        Task<NoiseResult> listening = CloseOnFailure(NoiseUpgrade.ListenAsync(pair.Right, _bob, [Yamux], Token), pair.Right);
        using DhKeyPair key = DhKeyPair.Create();
        using XxHandshake handshake = new(true, key, DhKeyPair.Create());
        await WriteMessageAsync(handshake, pair.Left, []);
        Assert.True(handshake.TryRead((await ReadMessageAsync(pair.Left))!.AsSpan(2), new byte[8_192], out _));
        await WriteMessageAsync(handshake, pair.Left, payloadOf(key.PublicKey.ToArray()));
        return await listening;
    }

    private static async Task WriteMessageAsync(XxHandshake handshake, Stream stream, byte[] payload)
    {
        byte[] message = new byte[2 + payload.Length + XxHandshake.OverheadMax];
        Assert.True(handshake.TryWrite(payload, message.AsSpan(2), out int size));
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)size);
        await stream.WriteAsync(message.AsMemory(0, 2 + size), Token);
    }

    private static async Task<byte[]?> ReadMessageAsync(Stream stream)
    {
        byte[] length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, Token) < 2) return null;
        byte[] message = new byte[2 + BinaryPrimitives.ReadUInt16BigEndian(length)];
        length.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(2), Token);
        return message;
    }

    private static async Task<NoiseResult> CloseOnFailure(ValueTask<NoiseResult> handshake, DuplexEnd transport)
    {
        NoiseResult result = await handshake;
        if (!result.IsOk) transport.CloseWrite();
        return result;
    }
}
