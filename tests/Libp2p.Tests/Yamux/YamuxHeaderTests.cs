using System.Buffers;
using OpSync.Libp2p.Yamux;
using Xunit;

namespace OpSync.Libp2p.Tests.Yamux;

public sealed class YamuxHeaderTests
{
    [Fact]
    public void Header_has_the_layout_of_the_spec()
    {
        byte[] bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn | YamuxFlags.Rst, 0x01020304, 0xa0b0c0d0).Write(bytes);
        Assert.Equal("000100090102030" + "4A0B0C0D0", Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(YamuxType.Data, (ushort)0, 1u, 100u)]
    [InlineData(YamuxType.WindowUpdate, (ushort)15, uint.MaxValue, uint.MaxValue)]
    [InlineData(YamuxType.Ping, (ushort)1, 0u, uint.MaxValue)]
    [InlineData(YamuxType.GoAway, (ushort)0x8000, 0u, 2u)]
    public void Header_survives_a_round_trip_and_each_truncation_needs_more(YamuxType type, ushort flags, uint id, uint length)
    {
        var header = new YamuxHeader(type, (YamuxFlags)flags, id, length);
        byte[] bytes = new byte[YamuxHeader.Size];
        header.Write(bytes);
        Assert.Equal(OperationStatus.Done, YamuxHeader.Read(bytes, 100, out YamuxHeader read));
        Assert.Equal(header, read);
        for (int n = 0; n < bytes.Length; n++)
            Assert.Equal(OperationStatus.NeedMoreData, YamuxHeader.Read(bytes.AsSpan(0, n), 100, out _));
    }

    [Theory]
    [InlineData("010000000000000100000000")]   // version
    [InlineData("000400000000000100000000")]   // type
    [InlineData("000000000000000100000065")]   // 101 bytes of data where 100 are allowed
    [InlineData("0000000000000001ffffffff")]
    public void Header_outside_the_format_or_limit_is_invalid(string hex) =>
        Assert.Equal(OperationStatus.InvalidData, YamuxHeader.Read(Convert.FromHexString(hex), 100, out _));

    [Fact]
    public void SendWindow_counts_down_and_refuses_to_overflow()
    {
        SendWindow window = new();
        Assert.Equal(1000, window.Take(1000));
        Assert.Equal(SendWindow.Initial - 1000, window.Take(int.MaxValue));
        Assert.Equal(0, window.Take(1));
        Assert.True(window.TryGrow(uint.MaxValue));
        Assert.False(window.TryGrow(1));
        Assert.Equal(uint.MaxValue, window.Available);
    }

    [Fact]
    public void ReceiveWindow_announces_once_half_is_free_and_never_more_than_fits()
    {
        ReceiveWindow window = new();
        Assert.False(window.TryReceive(SendWindow.Initial + 1));
        Assert.True(window.TryReceive(SendWindow.Initial));
        Assert.False(window.TryReceive(1));
        Assert.False(window.IsUpdateDue(buffered: (SendWindow.Initial / 2) + 1));
        Assert.True(window.IsUpdateDue(buffered: SendWindow.Initial / 2));
        Assert.Equal((uint)SendWindow.Initial / 2, window.Refill(SendWindow.Initial / 2));
        window.Double();
        Assert.Equal((uint)(2 * SendWindow.Initial) - (SendWindow.Initial / 2), window.Refill(0));
        Assert.Equal(2 * SendWindow.Initial, window.Left);
    }
}
