using System.Buffers;
using OpSync.Codec.Primitives;
using OpSync.Codec.Varint;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Varint;

public class UvarintTests
{
    [Theory]
    [InlineData(0ul, "0x00")]
    [InlineData(1ul, "0x01")]
    [InlineData(127ul, "0x7f")]
    [InlineData(128ul, "0x8001")]
    [InlineData(255ul, "0xff01")]
    [InlineData(300ul, "0xac02")]
    [InlineData(16_384ul, "0x808001")]
    [InlineData(long.MaxValue, "0xffffffffffffffff7f")]
    [InlineData(1ul << 63, "0x80808080808080808001")]
    [InlineData(ulong.MaxValue, "0xffffffffffffffffff01")]
    public void Value_is_written_in_its_shortest_form_and_read_back(ulong value, string text)
    {
        byte[] target = new byte[Uvarint.SizeMax];
        Assert.Equal(OperationStatus.Done, Uvarint.Write(value, target, out int written));
        Assert.Equal(text, Hex.Encode(target.AsSpan(0, written)));
        Assert.Equal(written, Uvarint.Size(value));

        Assert.Equal(OperationStatus.Done, Uvarint.Read(target, out ulong read, out int size));
        Assert.Equal((value, written), (read, size));
        Assert.Equal(OperationStatus.DestinationTooSmall, Uvarint.Write(value, target.AsSpan(0, written - 1), out int none));
        Assert.Equal(0, none);
        for (int length = 0; length < written; length++)
        {
            Assert.Equal(OperationStatus.NeedMoreData, Uvarint.Read(target.AsSpan(0, length), out read, out size));
            Assert.Equal((0ul, 0), (read, size));
        }
    }

    [Theory]
    [InlineData("0x8000")]
    [InlineData("0xff8000")]
    [InlineData("0x80808080808080808000")]
    public void Form_that_is_too_long_is_refused_only_where_canonical_is_asked(string text)
    {
        Assert.True(Hex.TryDecode(text, out byte[]? bytes));
        Assert.Equal(OperationStatus.InvalidData, Uvarint.Read(bytes, out _, out int size));
        Assert.Equal(0, size);
        Assert.Equal(OperationStatus.Done, Uvarint.Read(bytes, out _, out size, canonical: false));
        Assert.Equal(bytes.Length, size);
    }

    [Theory]
    [InlineData("0xffffffffffffffffff02")]
    [InlineData("0x80808080808080808080")]
    [InlineData("0xffffffffffffffffffff01")]
    public void More_than_64_bits_are_refused(string text)
    {
        Assert.True(Hex.TryDecode(text, out byte[]? bytes));
        Assert.Equal(OperationStatus.InvalidData, Uvarint.Read(bytes, out _, out _, canonical: false));
    }

    [Fact]
    public void Values_of_every_length_come_back()
    {
        Random random = Seeds.Create(21);
        byte[] target = new byte[Uvarint.SizeMax + 3];
        for (int i = 0; i < 10_000; i++)
        {
            ulong value = (ulong)random.NextInt64() * 2 + (ulong)random.Next(2) >> random.Next(64);
            random.NextBytes(target);
            Uvarint.Write(value, target, out int written);
            Assert.Equal(OperationStatus.Done, Uvarint.Read(target, out ulong read, out int size));
            Assert.Equal((value, written), (read, size));
        }
    }
}
