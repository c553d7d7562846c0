using System.Text;
using OpSync.Codec.Snappy;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Snappy;

public class Crc32CTests
{
    [Fact]
    public void Sum_of_the_RFC_3720_examples_matches()
    {
        byte[] ascending = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] ones = new byte[32];
        ones.AsSpan().Fill(0xff);

        Assert.Equal(0x8a9136aau, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62a8ab43u, Crc32C.Compute(ones));
        Assert.Equal(0x46dd794eu, Crc32C.Compute(ascending));
        Assert.Equal(0x113fdb5cu, Crc32C.Compute([.. ascending.Reverse()]));
        Assert.Equal(0xe3069283u, Crc32C.Compute(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void Sum_of_any_length_equals_the_one_taken_bit_by_bit()
    {
        byte[] data = Seeds.Create(1).NextBytes(5_000);
        for (int length = 0; length <= data.Length; length += length is > 1_500 and < 1_600 or > 3_050 and < 3_100 ? 1 : 37)
            Assert.Equal(BitByBit(data.AsSpan(0, length)), Crc32C.Compute(data.AsSpan(0, length)));
    }

    [Fact]
    public void Mask_rotates_and_adds()
    {
        Assert.Equal(0xa282ead8u, Crc32C.Mask(0));
        Assert.Equal(unchecked(0x00020000u + 0xa282ead8u), Crc32C.Mask(1));
        Assert.Equal(unchecked(0x00000001u + 0xa282ead8u), Crc32C.Mask(0x8000));
    }

    private static uint BitByBit(ReadOnlySpan<byte> data)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in data)
        {
            sum ^= value;
            for (int bit = 0; bit < 8; bit++) sum = (sum & 1) != 0 ? sum >> 1 ^ 0x82f63b78 : sum >> 1;
        }

        return ~sum;
    }
}
