using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;
using OpSync.TestKit;
using Xunit;
using Reference = IronSnappy.Snappy;

namespace OpSync.Codec.Tests.Snappy;

public class SnappyBlockTests
{
    [Fact]
    public void Compressed_content_is_read_back_by_us_and_by_another_implementation()
    {
        foreach (byte[] content in Samples.All())
        {
            byte[] block = Compress(content);
            Assert.Equal(content, Decompress(block));
            if (content.Length > 0) Assert.Equal(content, Reference.Decode(block));
        }
    }

    [Fact]
    public void Content_compressed_by_another_implementation_is_read()
    {
        foreach (byte[] content in Samples.All()) Assert.Equal(content, Decompress(Reference.Encode(content)));
    }

    [Fact]
    public void Repetitive_content_becomes_small_and_random_content_hardly_grows()
    {
        Random random = Seeds.Create(2);
        Assert.InRange(Compress(new byte[65_536]).Length, 1, 65_536 * 3 / 64 + 16);
        Assert.InRange(Compress(Samples.Text(random, 65_536)).Length, 1, 65_536 / 2);
        Assert.InRange(Compress(random.NextBytes(65_536)).Length, 65_536, 65_536 + 64);
    }

    [Theory]
    [InlineData("0x00", "0x")]
    [InlineData("0x0100aa", "0xaa")]
    [InlineData("0x030801020308", "0x", SnappyFault.BadBlock)]                   // more after the content is complete
    [InlineData("0x07080102030100", "0x", SnappyFault.BadBlock)]                 // one-byte offset 0
    [InlineData("0x07080102030103", "0x01020301020301")]                         // one-byte offset, overlapping
    [InlineData("0x0600ff120100", "0xffffffffffff")]                             // two-byte offset 1 repeats a byte
    [InlineData("0x0600ff1301000000", "0xffffffffffff")]                         // four-byte offset
    [InlineData("0x0600ff1302000000", "0x", SnappyFault.BadBlock)]               // offset before the start
    [InlineData("0x0600ff120000", "0x", SnappyFault.BadBlock)]                   // offset 0
    [InlineData("0x0500ff120100", "0x", SnappyFault.BadBlock)]                   // copy past the declared length
    [InlineData("0x01f000aa", "0xaa")]                                           // length in one more byte
    [InlineData("0x01f40000aa", "0xaa")]
    [InlineData("0x01f8000000aa", "0xaa")]
    [InlineData("0x01fc00000000aa", "0xaa")]
    [InlineData("0x01fcffffffffaa", "0x", SnappyFault.BadBlock)]                 // 4 GiB of literal
    [InlineData("0x810000aa", "0xaa")]                                           // a length that is not in its shortest form
    [InlineData("0xffffffff7f", "0x", SnappyFault.BadHeader)]                    // 35 bits
    [InlineData("0x808080808000", "0x", SnappyFault.BadHeader)]                  // six bytes
    [InlineData("0xffffffff0f", "0x", SnappyFault.TooLarge)]                     // 4 GiB - 1
    [InlineData("0xffffffff07", "0x", SnappyFault.Truncated)]                    // 2 GiB - 1 from nothing
    [InlineData("0x", "0x", SnappyFault.Truncated)]
    public void Block_by_hand_gives(string block, string content, SnappyFault fault = SnappyFault.None)
    {
        GuardedBuffer target = new(64);
        Assert.True(Hex.TryDecode(block, out byte[]? source));
        Assert.Equal(fault, SnappyBlock.Decompress(source, target.Target, out int written));
        Assert.Equal(content, Hex.Encode(target.Target[..written]));
        Assert.True(target.IsIntact);
    }

    [Fact]
    public void Every_truncation_is_called_truncated()
    {
        byte[] block = Compress(Samples.Mixed(Seeds.Create(3), 3_000));
        GuardedBuffer target = new(3_000);
        for (int length = 0; length < block.Length; length++)
        {
            Assert.Equal(SnappyFault.Truncated, SnappyBlock.Decompress(block.AsSpan(0, length), target.Target, out int written));
            Assert.Equal(0, written);
        }

        Assert.True(target.IsIntact);
    }

    [Fact]
    public void Content_beyond_the_target_is_refused_before_anything_is_written()
    {
        byte[] block = Compress(new byte[10_000]);
        GuardedBuffer target = new(9_999);
        Assert.Equal(SnappyFault.TooLarge, SnappyBlock.Decompress(block, target.Target, out int written));
        Assert.Equal(0, written);
        Assert.True(target.IsUntouchedFrom(0));
        Assert.Equal(SnappyFault.None, SnappyBlock.TryReadLength(block, out int length, out int headerSize));
        Assert.Equal((10_000, 2), (length, headerSize));
    }

    [Fact]
    public void Declared_length_that_the_bytes_cannot_yield_is_refused_by_its_header_alone()
    {
        // 22 bytes can yield 469 bytes of content at most.
        byte[] block = new byte[2 + 22];
        block[0] = 470 & 0x7f | 0x80;
        block[1] = 470 >> 7;
        Assert.Equal(SnappyFault.Truncated, SnappyBlock.TryReadLength(block, out _, out _));
        block[0]--;
        Assert.Equal(SnappyFault.None, SnappyBlock.TryReadLength(block, out int length, out _));
        Assert.Equal(469, length);
    }

    [Fact]
    public void Bytes_after_the_content_stay_untouched()
    {
        GuardedBuffer target = new(70_000);
        foreach (byte[] content in Samples.All().Where(c => c.Length <= 65_537))
        {
            target.Reset();
            Assert.Equal(SnappyFault.None, SnappyBlock.Decompress(Compress(content), target.Target, out int written));
            Assert.Equal(content.Length, written);
            Assert.True(target.IsUntouchedFrom(written));
        }
    }

    [Fact]
    public void Mutated_blocks_never_write_outside_and_agree_with_another_implementation()
    {
        Random random = Seeds.Create(4);
        byte[][] blocks = [.. Enumerable.Range(0, 40).Select(i => Compress(Samples.Mixed(random, 20 + 15 * i)))];
        GuardedBuffer target = new(1_000);
        int accepted = 0;
        for (int run = 0; run < 100_000; run++)
        {
            byte[] block = [.. blocks[random.Next(blocks.Length)]];
            Mutate(random, block);
            SnappyFault fault = SnappyBlock.Decompress(block, target.Target, out int written);
            Assert.True(target.IsIntact, Seeds.Describe(run));
            if (fault != SnappyFault.None) continue;

            accepted++;
            if (accepted % 16 == 0 && written > 0) Assert.Equal(Reference.Decode(block), target.Target[..written].ToArray());
        }

        Assert.InRange(accepted, 1_000, 99_000);
    }

    [Fact]
    public void Target_smaller_than_the_bound_is_an_error_of_the_caller()
    {
        byte[] content = new byte[100];
        Assert.Throws<ArgumentException>(() => SnappyBlock.Compress(content, new byte[SnappyBlock.CompressedSizeMax(100) - 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => SnappyBlock.CompressedSizeMax(-1));
        Assert.Throws<OverflowException>(() => SnappyBlock.CompressedSizeMax(int.MaxValue));
    }

    private static void Mutate(Random random, byte[] bytes)
    {
        for (int changes = 1 + random.Next(4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Length);
            bytes[at] = random.Next(3) == 0 ? (byte)(bytes[at] ^ 1 << random.Next(8)) : (byte)random.Next(256);
        }
    }

    private static byte[] Compress(byte[] content)
    {
        GuardedBuffer target = new(SnappyBlock.CompressedSizeMax(content.Length));
        int written = SnappyBlock.Compress(content, target.Target);
        Assert.True(target.IsIntact);
        return target.Target[..written].ToArray();
    }

    private static byte[] Decompress(ReadOnlySpan<byte> block)
    {
        Assert.Equal(SnappyFault.None, SnappyBlock.TryReadLength(block, out int length, out _));
        byte[] content = new byte[length];
        Assert.Equal(SnappyFault.None, SnappyBlock.Decompress(block, content, out int written));
        Assert.Equal(length, written);
        return content;
    }
}
