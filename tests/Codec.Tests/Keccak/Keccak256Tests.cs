using System.Security.Cryptography;
using System.Text;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Keccak;

public class Keccak256Tests
{
    public static TheoryData<KeccakBackend> Backends =>
        [KeccakBackend.Auto, KeccakBackend.Scalar, KeccakBackend.Avx2, KeccakBackend.Avx512];

    [Theory]
    [InlineData("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("The quick brown fox jumps over the lazy dog", "0x4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15")]
    [InlineData("Transfer(address,address,uint256)", "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")]
    public void Hash_of_a_known_message_is_the_known_hash(string message, string hash) =>
        Assert.Equal(hash, Keccak256.Hash(Encoding.ASCII.GetBytes(message)).ToString());

    [Fact]
    public void Reference_with_the_padding_of_sha3_equals_the_platform()
    {
        Skip.Unless(SHA3_256.IsSupported, "The platform has no SHA3-256.");
        for (int length = 0; length < 300; length++)
        {
            byte[] message = Seeds.Create(length).NextBytes(length);
            Assert.Equal(SHA3_256.HashData(message), KeccakReference.Hash(message, padding: 0x06));
        }
    }

    [Fact]
    public void Hash_of_every_length_equals_the_reference()
    {
        byte[] source = Seeds.Create(1).NextBytes(1_500);
        for (int length = 0; length <= source.Length; length++)
            Assert.Equal(KeccakReference.Hash(source.AsSpan(0, length)), Keccak256.Hash(source.AsSpan(0, length)).ToArray());
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Batch_of_every_length_equals_the_reference(KeccakBackend backend)
    {
        RequireBackend(backend);
        byte[] source = Seeds.Create(2).NextBytes(2_000);
        KeccakMessage[] messages = [.. Enumerable.Range(0, 601).Select(length => new KeccakMessage(length * 7 % 1_399, length))];
        Hash32[] hashes = new Hash32[messages.Length];

        Keccak256Batch.Hash(source, messages, hashes, backend);

        for (int i = 0; i < messages.Length; i++)
        {
            ReadOnlySpan<byte> message = source.AsSpan(messages[i].BodyOffset, messages[i].BodyLength);
            Assert.Equal(KeccakReference.Hash(message), hashes[i].ToArray());
            Assert.Equal(Keccak256.Hash(message), hashes[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Batch_of_messages_in_two_pieces_equals_the_joined_message(KeccakBackend backend)
    {
        RequireBackend(backend);
        for (int round = 0; round < 300; round++)
        {
            Random random = Seeds.Create(round);
            byte[] heads = random.NextBytes(500), bodies = random.NextBytes(5_000);
            KeccakMessage[] messages = new KeccakMessage[random.Next(20)];
            for (int i = 0; i < messages.Length; i++)
            {
                int bodyLength = random.Next(4) == 0 ? random.Next(4_000) : random.Next(300);
                messages[i] = new KeccakMessage(random.Next(300), random.Next(136), random.Next(1_000), bodyLength);
            }

            Hash32[] hashes = new Hash32[messages.Length];
            Keccak256Batch.Hash(heads, bodies, messages, hashes, backend);

            for (int i = 0; i < messages.Length; i++)
            {
                KeccakMessage m = messages[i];
                byte[] joined = [.. heads.AsSpan(m.HeadOffset, m.HeadLength), .. bodies.AsSpan(m.BodyOffset, m.BodyLength)];
                Assert.True(Keccak256.Hash(joined) == hashes[i], $"message {i} of {Seeds.Describe(round)}: {m}");
            }
        }
    }

    [Theory]
    [InlineData(-1, 0, 0, 0)]
    [InlineData(0, 11, 0, 0)]
    [InlineData(0, 136, 0, 0)]
    [InlineData(0, 0, -1, 1)]
    [InlineData(0, 0, 0, -1)]
    [InlineData(0, 0, 20, 1)]
    [InlineData(0, 0, 1, int.MaxValue)]
    [InlineData(0, 0, int.MaxValue, int.MaxValue)]
    public void Batch_message_outside_its_buffers_is_refused(int headOffset, int headLength, int bodyOffset, int bodyLength)
    {
        byte[] heads = new byte[10], bodies = new byte[20];
        KeccakMessage[] messages = [new(headOffset, headLength, bodyOffset, bodyLength)];
        Assert.Throws<ArgumentException>(() => Keccak256Batch.Hash(heads, bodies, messages, new Hash32[1]));
    }

    [Fact]
    public void Batch_without_room_for_all_hashes_is_refused() =>
        Assert.Throws<ArgumentException>(() => Keccak256Batch.Hash(new byte[8], new KeccakMessage[2], new Hash32[1]));

    private static void RequireBackend(KeccakBackend backend) =>
        Skip.Unless(KeccakBackends.IsSupported(backend), $"This processor has no {backend}.");
}
