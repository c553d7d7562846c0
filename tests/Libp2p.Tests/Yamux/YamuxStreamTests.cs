using System.Security.Cryptography;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Tests.TestKit;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Yamux;

/// <summary>Streams between two sessions of our own.</summary>
public sealed class YamuxStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_and_answer_end_with_nothing_open()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();

        for (int i = 0; i < 200; i++)   // more than either side may have open at a time
        {
            await using Libp2pStream ask = dialer.TryOpen()!;
            await ask.WriteAsync(BitConverter.GetBytes(i), Ct);
            await ask.CloseWriteAsync(Ct);

            await using Libp2pStream answer = (await listener.AcceptAsync(Ct))!;
            Assert.Equal(BitConverter.GetBytes(i), await ReadAllAsync(answer));
            await answer.WriteAsync(new byte[30_000], Ct);
            await answer.CloseWriteAsync(Ct);

            Assert.Equal(30_000, (await ReadAllAsync(ask)).Length);
        }
        Assert.Equal((0, 0), (dialer.OutboundCount, listener.InboundCount));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Half_close_in_either_order_leaves_the_other_direction_open(bool dialerFirst)
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        await using Libp2pStream near = dialer.TryOpen()!;
        await near.WriteAsync(new byte[] { 1 }, Ct);
        await using Libp2pStream far = (await listener.AcceptAsync(Ct))!;
        Assert.Equal(1, await far.ReadAsync(new byte[8], Ct));

        (Libp2pStream first, Libp2pStream second) = dialerFirst ? (near, far) : (far, near);
        await first.CloseWriteAsync(Ct);
        await first.CloseWriteAsync(Ct);
        Assert.Equal(0, await second.ReadAsync(new byte[8], Ct));
        Assert.Equal(0, await second.ReadAsync(new byte[8], Ct));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await first.WriteAsync(new byte[1], Ct));

        await second.WriteAsync(new byte[] { 2, 3 }, Ct);
        await second.CloseWriteAsync(Ct);
        Assert.Equal([2, 3], await ReadAllAsync(first));
    }

    [Fact]
    public async Task Large_transfers_both_ways_on_many_streams_arrive_whole()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair(new YamuxOptions { InboundBufferedBytesMax = 16 << 20 });
        const int streams = 8, size = 3_000_000;
        Task echo = Task.WhenAll(Enumerable.Range(0, streams).Select(async _ =>
        {
            await using Libp2pStream stream = (await listener.AcceptAsync(Ct))!;
            await stream.CopyToAsync(stream, 50_000, Ct);
            await stream.CloseWriteAsync(Ct);
        }));

        await Task.WhenAll(Enumerable.Range(0, streams).Select(async i =>
        {
            byte[] sent = Seeds.Create(i).NextBytes(size);
            await using Libp2pStream stream = dialer.TryOpen()!;
            Task<byte[]> back = ReadAllAsync(stream);
            for (int at = 0, step = 1; at < size; at += step, step = Math.Min((step * 3) + 1, 400_000))
                await stream.WriteAsync(sent.AsMemory(at, Math.Min(step, size - at)), Ct);
            await stream.CloseWriteAsync(Ct);
            Assert.Equal(SHA256.HashData(sent), SHA256.HashData(await back));
        }));
        await echo;
        Assert.Equal((0L, 0L), (dialer.BufferedBytes, listener.BufferedBytes));
    }

    [Fact]
    public async Task Slow_reader_holds_the_writer_back_at_one_window()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        await using Libp2pStream writer = dialer.TryOpen()!;
        Task write = writer.WriteAsync(new byte[1_000_000], Ct).AsTask();
        await using Libp2pStream reader = (await listener.AcceptAsync(Ct))!;

        // A second stream is served although the first is stuck: when its byte is here, so is all the first may send.
        await using Libp2pStream other = dialer.TryOpen()!;
        await other.WriteAsync(new byte[] { 9 }, Ct);
        await using Libp2pStream otherEnd = (await listener.AcceptAsync(Ct))!;
        Assert.Equal(1, await otherEnd.ReadAsync(new byte[1], Ct));
        Assert.False(write.IsCompleted);
        Assert.InRange(listener.BufferedBytes, 1, SendWindow.Initial * 2);

        byte[] all = new byte[1_000_000];
        await reader.ReadExactlyAsync(all, Ct);
        await write;
    }

    [Fact]
    public async Task Reset_fails_both_ends_and_frees_buffers()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        await using Libp2pStream near = dialer.TryOpen()!;
        Task write = near.WriteAsync(new byte[600_000], Ct).AsTask();
        await using Libp2pStream far = (await listener.AcceptAsync(Ct))!;
        await far.ReadExactlyAsync(new byte[1000], Ct);

        far.Reset();
        far.Reset();
        await Assert.ThrowsAsync<StreamResetException>(() => write);
        await Assert.ThrowsAsync<StreamResetException>(() => near.ReadAsync(new byte[1], Ct).AsTask());
        await Assert.ThrowsAsync<StreamResetException>(() => far.ReadAsync(new byte[1], Ct).AsTask());
        await Assert.ThrowsAsync<StreamResetException>(async () => await far.WriteAsync(new byte[1], Ct));
        Assert.Equal(0, listener.BufferedBytes);
    }

    [Fact]
    public async Task Dispose_of_an_unfinished_stream_resets_it()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        Libp2pStream near = dialer.TryOpen()!;
        await near.WriteAsync(new byte[] { 1 }, Ct);
        await using Libp2pStream far = (await listener.AcceptAsync(Ct))!;
        Assert.Equal(1, await far.ReadAsync(new byte[1], Ct));
        ValueTask<int> waiting = far.ReadAsync(new byte[1], Ct);
        await near.DisposeAsync();
        await Assert.ThrowsAsync<StreamResetException>(async () => await waiting);
        Assert.Equal(0, dialer.OutboundCount);
    }

    [Fact]
    public async Task Cancelled_read_and_write_leave_the_stream_usable_for_reset()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        await using Libp2pStream near = dialer.TryOpen()!;
        using var cancel = new CancellationTokenSource();
        ValueTask<int> read = near.ReadAsync(new byte[1], cancel.Token);
        ValueTask write = near.WriteAsync(new byte[500_000], cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await write);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => near.ReadAsync(new byte[1], cancel.Token).AsTask());

        // A cancelled read loses nothing: the next one gets the bytes.
        await using Libp2pStream far = (await listener.AcceptAsync(Ct))!;
        await far.WriteAsync(new byte[] { 5 }, Ct);
        byte[] got = new byte[4];
        Assert.Equal(1, await near.ReadAsync(got, Ct));
        Assert.Equal(5, got[0]);
    }

    [Fact]
    public async Task Resets_racing_with_traffic_leave_no_stream_and_no_memory()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, YamuxSession listener) = harness.Pair();
        Task serve = Task.Run(async () =>
        {
            Random random = Seeds.Create(7);
            while (await listener.AcceptAsync(Ct) is { } stream)
            {
                bool early = random.Next(3) == 0;
                await using (stream)
                {
                    try
                    {
                        if (!early)
                            await stream.ReadAtLeastAsync(new byte[100], 1, false, Ct);
                        await stream.WriteAsync(new byte[100_000], Ct);
                        await stream.CloseWriteAsync(Ct);
                    }
                    catch (StreamResetException)
                    {
                    }
                }
            }
        }, Ct);

        Random dice = Seeds.Create(8);
        for (int i = 0; i < 2_000; i++)
        {
            await using Libp2pStream stream = dialer.TryOpen()!;
            try
            {
                await stream.WriteAsync(new byte[50], Ct);
                if (dice.Next(2) == 0)
                    await stream.ReadAtLeastAsync(new byte[dice.Next(1, 60_000)], 1, false, Ct);
            }
            catch (StreamResetException)
            {
            }
        }
        Assert.False(dialer.IsClosing || listener.IsClosing);
        dialer.Close();
        await serve;
        Assert.Equal((0, 0), (dialer.OutboundCount, listener.InboundCount));
        Assert.Equal((0L, 0L), (dialer.BufferedBytes, listener.BufferedBytes));
    }

    [Fact]
    public async Task Bulk_writer_delays_a_small_one_by_a_few_buffers_only()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true, writesMax: 1);
        await using Libp2pStream bulk = session.TryOpen()!, small = session.TryOpen()!;
        await peer.WindowAsync(1, 100_000_000);
        await peer.SyncAsync();
        Task bulkWrite = bulk.WriteAsync(new byte[10_000_000], Ct).AsTask();
        Task smallWrite = small.WriteAsync(new byte[10], Ct).AsTask();

        int before = 0;
        while (await peer.HeaderAsync() is { StreamId: not 3 } header)
            before += (int)header.Length;
        Assert.InRange(before, 1, 5 * 128 * 1024);
        await smallWrite;
        Assert.False(bulkWrite.IsCompleted);
        bulk.Reset();
        await Assert.ThrowsAsync<StreamResetException>(() => bulkWrite);
    }

    internal static async Task<byte[]> ReadAllAsync(Libp2pStream stream)
    {
        using MemoryStream all = new();
        await stream.CopyToAsync(all, 20_000, Ct);
        return all.ToArray();
    }
}
