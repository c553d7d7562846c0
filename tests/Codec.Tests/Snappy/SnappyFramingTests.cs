using System.Buffers.Binary;
using System.Text;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;
using OpSync.TestKit;
using Xunit;
using Reference = IronSnappy.Snappy;

namespace OpSync.Codec.Tests.Snappy;

public class SnappyFramingTests
{
    private const string Start = "0xff060000734e61507059";

    [Fact]
    public void Encoded_content_is_read_back_by_us_and_by_another_implementation()
    {
        foreach (byte[] content in Samples.All())
        {
            byte[] stream = Encode(content);
            Assert.Equal(content, Decode(stream));
            SetChecksums(stream, content, Ieee);
            Assert.Equal(content, DecodeByReference(stream));
        }
    }

    [Fact]
    public void Content_encoded_by_another_implementation_is_read_and_stays_within_our_bound()
    {
        // From the second chunk on, IronSnappy 1.3.0 writes stray bytes at the end of a stream.
        foreach (byte[] content in Samples.All().Where(c => c.Length is > 0 and <= SnappyFraming.ChunkContentMax))
        {
            using MemoryStream stream = new();
            using (Stream writer = Reference.OpenWriter(stream)) writer.Write(content);
            byte[] bytes = stream.ToArray();
            SetChecksums(bytes, content, chunk => Crc32C.Mask(Crc32C.Compute(chunk)));
            Assert.Equal(content, Decode(bytes));
            Assert.True(bytes.Length <= SnappyFraming.EncodedSizeMax(content.Length));
        }
    }

    [Fact]
    public void Stream_of_a_conforming_encoder_is_read()
    {
        // Written by snappy-stream 5.1.2 from npm.
        string chunk = "0013000086c58f1d5418736e6170707920fe0700320700";
        Assert.True(Hex.TryDecode(Start + chunk, out byte[]? stream));
        Assert.Equal(string.Concat(Enumerable.Repeat("snappy ", 12)), Encoding.ASCII.GetString(Decode(stream)));
    }

    [Fact]
    public void Chunk_is_stored_raw_unless_an_eighth_is_saved()
    {
        Random random = Seeds.Create(11);
        for (int zeros = 80; zeros < 200; zeros++)
        {
            byte[] content = [.. random.NextBytes(1_024 - zeros), .. new byte[zeros]];
            byte[] stream = Encode(content);
            Assert.True(stream[10] == 1 ? stream.Length == 18 + 1_024 : stream.Length - 18 < 1_024 - 128);
        }

        Assert.Equal(1, Encode(random.NextBytes(1_024))[10]);
        Assert.Equal(0, Encode(new byte[1_024])[10]);
    }

    [Theory]
    [InlineData("", "0x")]
    [InlineData("01050000" + "81222240" + "aa", "0xaa")]
    [InlineData("00070000" + "81222240" + "0100aa", "0xaa")]
    [InlineData("ff060000734e61507059" + "01050000" + "81222240" + "aa", "0xaa", SnappyFault.None, true)]
    [InlineData("80000000" + "01050000" + "81222240" + "aa", "0xaa", SnappyFault.None, true)]
    [InlineData("fd020000" + "1234" + "01050000" + "81222240" + "aa", "0xaa", SnappyFault.None, true)]
    [InlineData("01050000" + "81222240" + "aa" + "fe03000000ff00", "0xaa", SnappyFault.None, true)]
    [InlineData("01040000" + "d8ea82a2", "0x")]
    [InlineData("02000000", "0x", SnappyFault.BadChunk)]
    [InlineData("7f000000", "0x", SnappyFault.BadChunk)]
    [InlineData("ff060000734e61507058", "0x", SnappyFault.BadChunk)]
    [InlineData("ff070000734e6150705900", "0x", SnappyFault.BadChunk)]
    [InlineData("01030000" + "812222", "0x", SnappyFault.BadChunk)]
    [InlineData("00030000" + "812222", "0x", SnappyFault.BadChunk)]
    [InlineData("01050001", "0x", SnappyFault.BadChunk)]                                         // raw, 65,537 bytes
    [InlineData("00ffffff", "0x", SnappyFault.BadChunk)]                                         // compressed, 16 MiB
    [InlineData("01050000" + "81222241" + "aa", "0x", SnappyFault.BadChecksum)]
    [InlineData("01050000" + "81222240" + "ab", "0x", SnappyFault.BadChecksum)]
    [InlineData("00070000" + "81222240" + "0104aa", "0x", SnappyFault.BadBlock)]
    [InlineData("00070000" + "81222240" + "7f00aa", "0x", SnappyFault.BadBlock)]                 // 127 bytes cannot come from 2
    [InlineData("00040000" + "81222240", "0x", SnappyFault.BadBlock)]                            // no length
    public void Stream_by_hand_gives(string chunks, string content, SnappyFault fault = SnappyFault.None, bool optional = false)
    {
        GuardedBuffer target = new(64);
        Assert.True(Hex.TryDecode(Start + chunks, out byte[]? source));
        Assert.Equal(fault, SnappyFraming.Decode(source, target.Target, out int written, out FramingFacts facts));
        Assert.Equal(content, Hex.Encode(target.Target[..written]));
        Assert.Equal(optional, facts.HasOptionalChunks);
        Assert.True(target.IsIntact);
    }

    [Theory]
    [InlineData("0x", SnappyFault.Truncated)]
    [InlineData("0xff0600", SnappyFault.Truncated)]
    [InlineData("0x01", SnappyFault.BadHeader)]
    [InlineData("0x0105000081222240aa", SnappyFault.BadHeader)]
    [InlineData("0xff060000734e61507058", SnappyFault.BadHeader)]
    [InlineData("0xfe000000ff060000734e61507059", SnappyFault.BadHeader)]
    public void Stream_begins_with_the_identifier(string stream, SnappyFault fault)
    {
        Assert.True(Hex.TryDecode(stream, out byte[]? source));
        Assert.Equal(fault, SnappyFraming.Decode(source, new byte[64], out _, out _));
        Assert.Equal(fault, SnappyFraming.Measure(source, 64, out _));
    }

    [Fact]
    public void Every_truncation_ends_in_a_fault_or_at_the_end_of_a_chunk()
    {
        byte[] content = Samples.Mixed(Seeds.Create(12), 70_000);
        byte[] stream = Encode(content);
        int secondChunk = 10 + 4 + (stream[11] | stream[12] << 8 | stream[13] << 16);
        byte[] target = new byte[content.Length];

        // Expanding 64 KiB for each of the truncations inside the second chunk would only repeat itself.
        for (int length = 0; length < stream.Length; length += length is > 2_000 && length + 2_000 < secondChunk ? 53 : 1)
        {
            SnappyFault fault = SnappyFraming.Decode(stream.AsSpan(0, length), target, out int written, out _);
            Assert.Equal(length == 10 || length == secondChunk ? SnappyFault.None : SnappyFault.Truncated, fault);
            Assert.Equal(length == secondChunk ? 65_536 : 0, written);
        }
    }

    [Fact]
    public void Content_over_the_limit_is_refused_before_it_is_expanded()
    {
        byte[] stream = Encode(new byte[300_000]);
        GuardedBuffer target = new(65_536 + 100);
        Assert.Equal(SnappyFault.TooLarge, SnappyFraming.Decode(stream, target.Target, out int written, out _));
        Assert.Equal(0, written);
        Assert.True(target.IsUntouchedFrom(65_536));

        Assert.Equal(SnappyFault.TooLarge, SnappyFraming.Measure(stream, 299_999, out int length));
        Assert.Equal(0, length);
        Assert.Equal(SnappyFault.None, SnappyFraming.Measure(stream, 300_000, out length));
        Assert.Equal(300_000, length);
    }

    [Fact]
    public void Raw_chunk_over_the_limit_is_refused_by_its_header()
    {
        Assert.True(Hex.TryDecode(Start + "01040001", out byte[]? source));   // 65,536 bytes that are not there
        Assert.Equal(SnappyFault.TooLarge, SnappyFraming.Decode(source, new byte[65_535], out _, out _));
        Assert.Equal(SnappyFault.Truncated, SnappyFraming.Decode(source, new byte[65_536], out _, out _));
    }

    [Fact]
    public void Mutated_streams_never_write_outside_and_are_never_taken_for_other_content()
    {
        Random random = Seeds.Create(13);
        (byte[] Content, byte[] Stream)[] valid =
            [.. Enumerable.Range(0, 40).Select(i => Samples.Mixed(random, 20 + 15 * i)).Select(c => (c, Encode(c)))];
        GuardedBuffer target = new(700);
        int accepted = 0;
        for (int run = 0; run < 100_000; run++)
        {
            (byte[] content, byte[] original) = valid[random.Next(valid.Length)];
            byte[] stream = [.. original];
            for (int changes = 1 + random.Next(3); changes > 0; changes--)
                stream[random.Next(random.Next(2) == 0 ? 24 : stream.Length)] = (byte)random.Next(256);

            SnappyFault measured = SnappyFraming.Measure(stream, 700, out int length);
            SnappyFault fault = SnappyFraming.Decode(stream, target.Target, out int written, out FramingFacts facts);
            Assert.True(target.IsIntact, Seeds.Describe(run));
            if (fault != SnappyFault.None) continue;

            // The checksum lets only the same content pass, or none where the type became skippable.
            accepted++;
            Assert.Equal(SnappyFault.None, measured);
            Assert.Equal(written, length);
            if (facts.HasOptionalChunks) Assert.Equal(0, written);
            else Assert.Equal(content, target.Target[..written].ToArray());
        }

        Assert.InRange(accepted, 100, 50_000);
    }

    [Fact]
    public void Size_bound_counts_the_identifier_and_eight_bytes_per_chunk()
    {
        Assert.Equal(10, SnappyFraming.EncodedSizeMax(0));
        Assert.Equal(10 + 8 + 1, SnappyFraming.EncodedSizeMax(1));
        Assert.Equal(10 + 8 + 65_536, SnappyFraming.EncodedSizeMax(65_536));
        Assert.Equal(10 + 16 + 65_537, SnappyFraming.EncodedSizeMax(65_537));
        Assert.Throws<OverflowException>(() => SnappyFraming.EncodedSizeMax(int.MaxValue));
        Assert.Throws<ArgumentException>(() => SnappyFraming.Encode(new byte[1], new byte[18]));
    }

    private static byte[] Encode(byte[] content)
    {
        GuardedBuffer target = new(SnappyFraming.EncodedSizeMax(content.Length));
        int written = SnappyFraming.Encode(content, target.Target);
        Assert.True(target.IsIntact);
        return target.Target[..written].ToArray();
    }

    private static byte[] Decode(byte[] stream)
    {
        Assert.Equal(SnappyFault.None, SnappyFraming.Measure(stream, int.MaxValue, out int length));
        byte[] content = new byte[length];
        Assert.Equal(SnappyFault.None, SnappyFraming.Decode(stream, content, out int written, out FramingFacts facts));
        Assert.Equal(length, written);
        Assert.False(facts.HasOptionalChunks);
        return content;
    }

    /// <summary>IronSnappy's framing carries the plain CRC-32 of the content, not the masked CRC-32C of the format, so the
    /// two agree on everything else only.</summary>
    private static void SetChecksums(byte[] stream, ReadOnlySpan<byte> content, Func<ReadOnlySpan<byte>, uint> checksum)
    {
        for (int at = 10; at < stream.Length;)
        {
            ReadOnlySpan<byte> chunk = content[..Math.Min(content.Length, SnappyFraming.ChunkContentMax)];
            BinaryPrimitives.WriteUInt32LittleEndian(stream.AsSpan(at + 4), checksum(chunk));
            content = content[chunk.Length..];
            at += 4 + (stream[at + 1] | stream[at + 2] << 8 | stream[at + 3] << 16);
        }
    }

    private static uint Ieee(ReadOnlySpan<byte> data)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in data)
        {
            sum ^= value;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
        }

        return ~sum;
    }

    private static byte[] DecodeByReference(byte[] stream)
    {
        using Stream reader = Reference.OpenReader(new MemoryStream(stream));
        using MemoryStream content = new();
        reader.CopyTo(content);
        return content.ToArray();
    }
}
