using System.Buffers;
using OpSync.Libp2p.Protobuf;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Protobuf;

public sealed class ProtobufTests
{
    [Fact]
    public void Reader_walks_every_wire_type()
    {
        byte[] message = Convert.FromHexString("08" + "9601" + "12" + "03616263" + "1d" + "04030201" + "21" + "0807060504030201");
        ProtobufReader reader = new(message);

        Assert.True(reader.Next());
        Assert.Equal((1, WireType.Varint, 150UL), (reader.Field, reader.Wire, reader.Number));
        Assert.True(reader.Next());
        Assert.Equal((2, WireType.Bytes, "616263"), (reader.Field, reader.Wire, Convert.ToHexString(reader.Bytes)));
        Assert.True(reader.Next());
        Assert.Equal((3, WireType.Fixed32, 0x01020304UL), (reader.Field, reader.Wire, reader.Number));
        Assert.True(reader.Next());
        Assert.Equal((4, WireType.Fixed64, 0x0102030405060708UL), (reader.Field, reader.Wire, reader.Number));
        Assert.False(reader.Next());
        Assert.False(reader.Malformed);
    }

    [Theory]
    [InlineData("08")]                          // a tag without a value
    [InlineData("00")]                          // field 0
    [InlineData("0b")]                          // a group
    [InlineData("0f")]                          // wire type 7
    [InlineData("1203" + "6162")]               // bytes that end early
    [InlineData("0d" + "000000")]
    [InlineData("09" + "00000000000000")]
    [InlineData("12" + "ffffffffffffffffff01")] // a length of 2^64 - 1
    [InlineData("08" + "ffffffffffffffffff02")] // a number beyond 64 bits
    [InlineData("8080808010" + "00")]           // field 2^29
    public void Reader_of_a_broken_message_says_so(string hex)
    {
        ProtobufReader reader = new(Convert.FromHexString(hex));
        while (reader.Next()) Assert.Fail("There is no whole field to find.");
        Assert.True(reader.Malformed);
        Assert.False(reader.Next());
    }

    [Fact]
    public void Reader_takes_a_number_in_a_longer_form()
    {
        ProtobufReader reader = new([0x08, 0x81, 0x00]);
        Assert.True(reader.Next());
        Assert.Equal(1UL, reader.Number);
    }

    [Fact]
    public void Reader_stops_at_its_field_limit()
    {
        ProtobufReader reader = new([0x08, 1, 0x08, 2, 0x08, 3], fieldsMax: 2);
        Assert.True(reader.Next());
        Assert.True(reader.Next());
        Assert.False(reader.Next());
        Assert.True(reader.Malformed);
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        ArrayBufferWriter<byte> buffer = new();
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(1, ulong.MaxValue);
        writer.WriteBytes(200, new byte[300]);
        writer.WriteString(3, "snö");

        ProtobufReader reader = new(buffer.WrittenSpan);
        Assert.True(reader.Next());
        Assert.Equal((1, ulong.MaxValue), (reader.Field, reader.Number));
        Assert.True(reader.Next());
        Assert.Equal((200, 300), (reader.Field, reader.Bytes.Length));
        Assert.True(reader.Next());
        Assert.Equal((3, "snö"), (reader.Field, System.Text.Encoding.UTF8.GetString(reader.Bytes)));
        Assert.False(reader.Next() || reader.Malformed);
    }

    [Fact]
    public void Random_bytes_end_in_a_verdict()
    {
        Random random = Seeds.Create(10);
        int malformed = 0;
        for (int i = 0; i < 20_000; i++)
        {
            ProtobufReader reader = new(random.NextBytes(random.Next(1, 40)));
            while (reader.Next()) { }
            if (reader.Malformed) malformed++;
        }

        Assert.InRange(malformed, 1, 19_999);
    }
}
