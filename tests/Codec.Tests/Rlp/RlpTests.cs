using System.Numerics;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Rlp;

public class RlpTests
{
    [Theory]
    [InlineData("0x", "0x80")]
    [InlineData("0x00", "0x00")]
    [InlineData("0x7f", "0x7f")]
    [InlineData("0x80", "0x8180")]
    [InlineData("0x646f67", "0x83646f67")]
    public void String_is_written_as_in_the_yellow_paper_and_read_back(string value, string rlp)
    {
        Assert.True(Hex.TryDecode(value, out byte[]? bytes));
        byte[] target = new byte[bytes.Length + RlpWriter.HeaderSizeMax];
        RlpWriter writer = new(target);
        writer.WriteString(bytes);

        Assert.Equal(rlp, Hex.Encode(target.AsSpan(0, writer.Written)));
        Assert.Equal(RlpWriter.StringSize(bytes), writer.Written);
        RlpReader reader = new(target.AsSpan(0, writer.Written));
        Assert.True(reader.TryReadString(out ReadOnlySpan<byte> read));
        Assert.Equal(bytes, read.ToArray());
        Assert.True(reader.IsEnd);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(16_777_216)]
    public void String_of_any_length_is_read_back_and_no_truncation_of_it_is(int length)
    {
        byte[] value = new byte[length];
        value.AsSpan().Fill(0xab);
        byte[] target = new byte[RlpWriter.StringSize(value)];
        RlpWriter writer = new(target);
        writer.WriteString(value);
        Assert.Equal(target.Length, writer.Written);

        RlpReader reader = new(target);
        Assert.True(reader.TryReadString(out ReadOnlySpan<byte> read));
        Assert.True(read.SequenceEqual(value));

        for (int cut = 0; cut < target.Length; cut += cut < 10 ? 1 : 1 + target.Length / 50)
        {
            RlpReader truncated = new(target.AsSpan(0, cut));
            Assert.False(truncated.TryReadString(out _));
        }
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(1ul)]
    [InlineData(127ul)]
    [InlineData(128ul)]
    [InlineData(256ul)]
    [InlineData(0x0102030405060708ul)]
    [InlineData(ulong.MaxValue)]
    public void Integer_is_read_back(ulong value)
    {
        byte[] target = new byte[9];
        RlpWriter writer = new(target);
        writer.WriteUInt64(value);
        Assert.Equal(RlpWriter.UInt64Size(value), writer.Written);

        RlpReader reader = new(target.AsSpan(0, writer.Written));
        Assert.True(reader.TryReadUInt64(out ulong read));
        Assert.Equal(value, read);
        Assert.True(reader.IsEnd);
    }

    [Theory]
    [InlineData("0x8100")]                       // a small byte with a header
    [InlineData("0x817f")]
    [InlineData("0xb800")]                       // a long header for a short string
    [InlineData("0xb837")]
    [InlineData("0xb90000")]                     // a length with leading zeros
    [InlineData("0xb900ff")]
    [InlineData("0xbfffffffffffffffff")]         // lengths beyond everything
    [InlineData("0xbf7fffffffffffffff")]
    [InlineData("0xbf8000000000000000")]
    [InlineData("0x83646f")]                     // cut off
    [InlineData("0xc0")]                         // a list
    [InlineData("0x")]
    public void String_that_is_none_or_not_canonical_is_refused_and_the_position_stays(string rlp)
    {
        Assert.True(Hex.TryDecode(rlp, out byte[]? bytes));
        RlpReader reader = new(bytes);
        Assert.False(reader.TryReadString(out _));
        Assert.Equal(bytes.Length == 0, reader.IsEnd);
    }

    [Theory]
    [InlineData("0x00")]
    [InlineData("0x820001")]
    [InlineData("0x89010000000000000000")]
    [InlineData("0xc0")]
    [InlineData("0x")]
    public void Integer_that_is_too_long_or_not_canonical_is_refused(string rlp)
    {
        Assert.True(Hex.TryDecode(rlp, out byte[]? bytes));
        RlpReader reader = new(bytes);
        Assert.False(reader.TryReadUInt64(out _));
    }

    [Theory]
    [InlineData("0xf800")]
    [InlineData("0xf90000")]
    [InlineData("0xc1")]
    [InlineData("0xffffffffffffffffff")]
    [InlineData("0x80")]
    public void List_that_is_none_or_not_canonical_is_refused(string rlp)
    {
        Assert.True(Hex.TryDecode(rlp, out byte[]? bytes));
        RlpReader reader = new(bytes);
        Assert.False(reader.TryReadList(out _));
    }

    [Fact]
    public void String_longer_than_the_limit_is_refused_and_can_be_read_with_a_higher_one()
    {
        RlpReader reader = new([0x83, 1, 2, 3]);
        Assert.False(reader.TryReadString(out _, lengthMax: 2));
        Assert.True(reader.TryReadString(out ReadOnlySpan<byte> value, lengthMax: 3));
        Assert.Equal(3, value.Length);
    }

    [Fact]
    public void List_items_are_read_in_order_and_end_with_the_list()
    {
        RlpReader outer = new([0xc8, 0x83, (byte)'c', (byte)'a', (byte)'t', 0x83, (byte)'d', (byte)'o', (byte)'g', 0x05]);
        Assert.True(outer.TryReadList(out RlpReader items));
        Assert.True(items.TryReadString(out ReadOnlySpan<byte> cat));
        Assert.True(cat.SequenceEqual("cat"u8));
        Assert.True(items.TryReadString(out ReadOnlySpan<byte> dog));
        Assert.True(dog.SequenceEqual("dog"u8));
        Assert.True(items.IsEnd);
        Assert.False(items.TryReadString(out _));
        Assert.True(outer.TryReadUInt64(out ulong five));
        Assert.Equal(5ul, five);
        Assert.True(outer.IsEnd);
    }

    [Fact]
    public void Wide_integer_survives_both_byte_orders()
    {
        for (int round = 0; round < 200; round++)
        {
            byte[] bytes = Seeds.Create(round).NextBytes(UInt256.Size);
            bytes.AsSpan(round % 33).Clear();
            UInt256 value = UInt256.ReadLittleEndian(bytes);
            BigInteger expected = new(bytes, isUnsigned: true);

            byte[] little = new byte[UInt256.Size], big = new byte[UInt256.Size];
            value.WriteLittleEndian(little);
            int zeros = value.WriteBigEndian(big);

            Assert.Equal(bytes, little);
            Assert.Equal(expected, new BigInteger(big, isUnsigned: true, isBigEndian: true));
            Assert.Equal(UInt256.Size - (expected.IsZero ? 0 : expected.GetByteCount(isUnsigned: true)), zeros);
            Assert.Equal(expected.ToString(), value.ToString());
        }
    }
}
