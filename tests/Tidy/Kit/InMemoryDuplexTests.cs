using OpSync.TestKit;
using Xunit;

namespace OpSync.Tidy.Kit;

public class InMemoryDuplexTests
{
    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(7, 3)]
    [InlineData(65_536, 1_000)]
    public async Task Bytes_cross_in_both_directions_in_order(int capacity, int readSizeMax)
    {
        InMemoryDuplex duplex = new(capacity, readSizeMax);
        byte[] forth = Seeds.Create(1).NextBytes(5_000), back = Seeds.Create(2).NextBytes(3_000);
        Task write = WriteAndClose(duplex.Left, forth), answer = WriteAndClose(duplex.Right, back);
        Assert.Equal(forth, await ReadAll(duplex.Right));
        Assert.Equal(back, await ReadAll(duplex.Left));
        await Task.WhenAll(write, answer);
    }

    [Fact]
    public async Task Write_waits_until_the_other_end_reads()
    {
        InMemoryDuplex duplex = new(capacity: 4);
        Task write = duplex.Left.WriteAsync(new byte[6]).AsTask();
        Assert.Equal((4, false), (duplex.Right.Available, write.IsCompleted));
        await duplex.Right.ReadExactlyAsync(new byte[2]);
        await write;
        Assert.Equal(4, duplex.Right.Available);
    }

    [Fact]
    public async Task Half_close_leaves_the_other_direction_open()
    {
        InMemoryDuplex duplex = new();
        duplex.Left.CloseWrite();
        Assert.Equal(0, await duplex.Right.ReadAsync(new byte[1]));
        await duplex.Right.WriteAsync(new byte[] { 7 });
        byte[] got = new byte[1];
        await duplex.Left.ReadExactlyAsync(got);
        Assert.Equal(7, got[0]);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await duplex.Left.WriteAsync(got));
    }

    [Fact]
    public async Task Abort_fails_what_waits_on_either_end()
    {
        InMemoryDuplex duplex = new(capacity: 1);
        Task<int> read = duplex.Left.ReadAsync(new byte[1]).AsTask();
        Task write = duplex.Left.WriteAsync(new byte[2]).AsTask();
        duplex.Right.Abort();
        await Assert.ThrowsAsync<IOException>(() => read);
        await Assert.ThrowsAsync<IOException>(() => write);
        await Assert.ThrowsAsync<IOException>(async () => await duplex.Right.ReadExactlyAsync(new byte[1]));
        Assert.Equal(0, duplex.Right.Available);
    }

    [Fact]
    public async Task Dispose_ends_reading_and_refuses_writing_at_the_other_end()
    {
        InMemoryDuplex duplex = new();
        await duplex.Left.WriteAsync(new byte[] { 1 });
        await duplex.Left.DisposeAsync();
        Assert.Single(await ReadAll(duplex.Right));
        await Assert.ThrowsAsync<IOException>(async () => await duplex.Right.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        InMemoryDuplex duplex = new();
        using CancellationTokenSource source = new();
        Task<int> read = duplex.Left.ReadAsync(new byte[1], source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    private static async Task WriteAndClose(DuplexEnd end, byte[] bytes)
    {
        await end.WriteAsync(bytes);
        end.CloseWrite();
    }

    private static async Task<byte[]> ReadAll(DuplexEnd end)
    {
        using MemoryStream all = new();
        await end.CopyToAsync(all);
        return all.ToArray();
    }
}
