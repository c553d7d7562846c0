using OpSync.Libp2p.Noise;
using Xunit;

namespace OpSync.Libp2p.Tests.Noise;

public sealed class XxHandshakeTests
{
    // The published cacophony vector for Noise_XX_25519_ChaChaPoly_SHA256, transport messages included.
    private static readonly byte[] s_prologue = Hex("4a6f686e2047616c74");

    private static readonly (string Payload, string Ciphertext)[] s_messages =
    [
        ("4c756477696720766f6e204d69736573",
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573"),
        ("4d757272617920526f746862617264",
            "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9"
            + "bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c7194e83f23dbd8d162c9326ad"),
        ("462e20412e20486179656b",
            "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6"
            + "ae769a1d95941d49b25030"),
        ("4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"),
        ("4a65616e2d426170746973746520536179", "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5"),
        ("457567656e2042f6686d20766f6e2042617765726b", "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f"),
    ];

    [Fact]
    public void Handshake_of_fixed_keys_gives_the_published_messages()
    {
        using DhKeyPair initiatorStatic = new(Hex("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"));
        using DhKeyPair responderStatic = new(Hex("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"));
        using XxHandshake initiator = new(
            true, initiatorStatic, new(Hex("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a")), s_prologue);
        using XxHandshake responder = new(
            false, responderStatic, new(Hex("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b")), s_prologue);

        for (int i = 0; i < XxHandshake.Messages; i++)
        {
            (XxHandshake writer, XxHandshake reader) = i % 2 == 0 ? (initiator, responder) : (responder, initiator);
            byte[] payload = Hex(s_messages[i].Payload), target = new byte[256], read = new byte[256];
            Assert.True(writer.TryWrite(payload, target, out int size));
            Assert.Equal(s_messages[i].Ciphertext, Convert.ToHexStringLower(target.AsSpan(0, size)));
            Assert.True(reader.TryRead(target.AsSpan(0, size), read, out int readSize));
            Assert.Equal(payload, read[..readSize]);
        }

        const string Hash = "c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e";
        Assert.Equal(Hash, Convert.ToHexStringLower(initiator.Hash));
        Assert.Equal(Hash, Convert.ToHexStringLower(responder.Hash));
        Assert.True(responder.RemoteStatic.SequenceEqual(initiatorStatic.PublicKey));
        Assert.True(initiator.RemoteStatic.SequenceEqual(responderStatic.PublicKey));

        (CipherState fromInitiator, CipherState toInitiator) = initiator.Split();
        (CipherState fromResponder, CipherState toResponder) = responder.Split();
        for (int i = XxHandshake.Messages; i < s_messages.Length; i++)
        {
            // The fourth message is the responder's: the vector goes on taking turns.
            (CipherState send, CipherState receive) = i % 2 == 0 ? (fromInitiator, toResponder) : (fromResponder, toInitiator);
            byte[] payload = Hex(s_messages[i].Payload), sealedBytes = new byte[payload.Length + CipherState.TagSize];
            Assert.True(send.TryEncrypt(payload, sealedBytes));
            Assert.Equal(s_messages[i].Ciphertext, Convert.ToHexStringLower(sealedBytes));
            byte[] opened = new byte[payload.Length];
            Assert.True(receive.TryDecrypt(sealedBytes, opened));
            Assert.Equal(payload, opened);
        }
    }

    [Fact]
    public void Message_out_of_turn_is_a_bug_and_throws()
    {
        using DhKeyPair key = DhKeyPair.Create();
        using XxHandshake initiator = new(true, key, DhKeyPair.Create());
        Assert.Throws<InvalidOperationException>(() => initiator.TryRead(new byte[64], new byte[64], out _));
        Assert.Throws<InvalidOperationException>(() => initiator.Split());
        Assert.True(initiator.TryWrite([], new byte[256], out _));
        Assert.Throws<InvalidOperationException>(() => initiator.TryWrite([], new byte[256], out _));
    }

    [Fact]
    public void Ephemeral_key_of_low_order_ends_the_handshake()
    {
        using DhKeyPair key = DhKeyPair.Create();
        using XxHandshake responder = new(false, key, DhKeyPair.Create());
        Assert.True(responder.TryRead(new byte[32], new byte[32], out _));
        Assert.False(responder.TryWrite([], new byte[256], out _));
    }

    [Fact]
    public void Cipher_at_the_end_of_its_counter_refuses()
    {
        byte[] key = new byte[32], frame = new byte[32];
        using CipherState sender = new(key, CipherState.CounterEnd - 1), receiver = new(key, CipherState.CounterEnd - 1);
        Assert.True(sender.TryEncrypt(new byte[16], frame));
        byte[] last = frame[..];
        Assert.True(receiver.TryDecrypt(frame, frame));
        Assert.False(sender.TryEncrypt(new byte[16], frame));
        Assert.False(receiver.TryDecrypt(last, frame));
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);
}
