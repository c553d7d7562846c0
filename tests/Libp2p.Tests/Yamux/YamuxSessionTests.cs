using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Tests.TestKit;
using OpSync.Libp2p.Yamux;
using Xunit;

namespace OpSync.Libp2p.Tests.Yamux;

/// <summary>One session against a peer that is scripted frame by frame.</summary>
public sealed class YamuxSessionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task First_write_opens_the_stream_and_the_first_answer_confirms()
    {
        await using YamuxHarness harness = new();
        (YamuxSession dialer, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        await using Libp2pStream stream = dialer.TryOpen()!;
        await stream.WriteAsync(new byte[] { 1, 2 }, Ct);
        await stream.CloseWriteAsync(Ct);
        (YamuxHeader header, byte[] body) = (await peer.NextAsync())!.Value;
        Assert.Equal(new YamuxHeader(YamuxType.Data, YamuxFlags.Syn, 1, 2), header);
        Assert.Equal([1, 2], body);
        Assert.Equal(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Fin, 1, 0), await peer.HeaderAsync());

        (YamuxSession listener, ScriptedYamux asker, _) = harness.Scripted();
        await asker.DataAsync(1, [1], YamuxFlags.Syn | YamuxFlags.Fin);
        await using Libp2pStream accepted = (await listener.AcceptAsync(Ct))!;
        Assert.Equal([1], await YamuxStreamTests.ReadAllAsync(accepted));
        await accepted.WriteAsync(new byte[3], Ct);
        Assert.Equal(new YamuxHeader(YamuxType.Data, YamuxFlags.Ack, 1, 3), await asker.HeaderAsync());
    }

    [Fact]
    public async Task Ids_have_the_parity_of_the_side()
    {
        await using YamuxHarness harness = new();
        (YamuxSession listener, ScriptedYamux peer, _) = harness.Scripted();
        for (uint expected = 2; expected <= 6; expected += 2)
        {
            Libp2pStream stream = listener.TryOpen()!;
            await stream.WriteAsync(new byte[1], Ct);
            Assert.Equal(expected, (await peer.HeaderAsync()).StreamId);
        }
    }

    [Fact]
    public async Task Frames_cut_at_every_byte_are_understood()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted();
        byte[] wire = [.. Frame(YamuxType.Data, YamuxFlags.Syn, 1, 3), 7, 8, 9, .. Frame(YamuxType.WindowUpdate, YamuxFlags.Fin, 1, 0)];
        foreach (byte b in wire)
            await peer.SendAsync(b);
        await using Libp2pStream stream = (await session.AcceptAsync(Ct))!;
        Assert.Equal([7, 8, 9], await YamuxStreamTests.ReadAllAsync(stream));
    }

    [Fact]
    public async Task Window_exhausted_stops_the_writer_until_an_update_comes()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        await using Libp2pStream stream = session.TryOpen()!;
        Task write = stream.WriteAsync(new byte[SendWindow.Initial + 5], Ct).AsTask();
        long sent = 0;
        while (sent < SendWindow.Initial)
            sent += (await peer.HeaderAsync()).Length;
        Assert.Equal(SendWindow.Initial, sent);
        Assert.Empty(await peer.SyncAsync());
        Assert.False(write.IsCompleted);

        await peer.WindowAsync(1, 2);
        Assert.Equal(2u, (await peer.HeaderAsync()).Length);
        await peer.WindowAsync(1, 1_000);
        Assert.Equal(3u, (await peer.HeaderAsync()).Length);
        await write;
    }

    [Fact]
    public async Task Receive_window_is_refilled_at_half_and_grows_up_to_its_limit()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(
            new YamuxOptions { ReceiveWindowMax = 1024 * 1024, PingBurst = 1_000 });
        await peer.DataAsync(1, new byte[1], YamuxFlags.Syn);
        await using Libp2pStream stream = (await session.AcceptAsync(Ct))!;
        await stream.ReadExactlyAsync(new byte[1], Ct);

        long window = SendWindow.Initial - 1, largest = 0;
        byte[] buffer = new byte[64 * 1024];
        for (int i = 0; i < 100; i++)
        {
            Assert.InRange(window, buffer.Length, 1024 * 1024);
            window -= buffer.Length;
            await peer.DataAsync(1, buffer);
            await stream.ReadExactlyAsync(buffer, Ct);
            foreach (YamuxHeader update in await peer.SyncAsync())
                window += update.Length;
            largest = Math.Max(largest, window);
        }
        Assert.Equal(1024 * 1024, largest);
    }

    [Fact]
    public async Task Bytes_of_a_frame_that_have_not_come_are_not_granted_anew()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted();
        await peer.SendAsync([.. Frame(YamuxType.Data, YamuxFlags.Syn, 1, SendWindow.Initial), 7]);
        await using Libp2pStream stream = (await session.AcceptAsync(Ct))!;
        await stream.ReadExactlyAsync(new byte[1], Ct);
        await stream.WriteAsync(new byte[1], Ct);
        Assert.Equal(YamuxType.Data, (await peer.HeaderAsync()).Type);   // nothing was written before it
    }

    [Theory]
    [InlineData("window", YamuxEnd.WindowExceeded)]
    [InlineData("frame", YamuxEnd.BadFrame)]
    [InlineData("overflow", YamuxEnd.WindowOverflow)]
    [InlineData("parity", YamuxEnd.BadStreamId)]
    [InlineData("zero", YamuxEnd.BadStreamId)]
    [InlineData("twice", YamuxEnd.BadStreamId)]
    [InlineData("version", YamuxEnd.BadFrame)]
    [InlineData("nothing", YamuxEnd.BadStreamId)]
    [InlineData("after fin", YamuxEnd.DataAfterFin)]
    [InlineData("late flood", YamuxEnd.FrameFlood)]
    [InlineData("empty flood", YamuxEnd.FrameFlood)]
    [InlineData("fin flood", YamuxEnd.FrameFlood)]
    [InlineData("window flood", YamuxEnd.FrameFlood)]
    [InlineData("ping flood", YamuxEnd.FrameFlood)]
    [InlineData("pong", YamuxEnd.FrameFlood)]
    public async Task Violation_ends_the_session_with_its_reason_and_an_error_go_away(string kind, YamuxEnd expected)
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(new YamuxOptions { NuisanceBurst = 50 });
        await peer.DataAsync(1, [1], YamuxFlags.Syn);
        await using Libp2pStream stream = (await session.AcceptAsync(Ct))!;
        switch (kind)
        {
            case "window":
                await peer.DataAsync(1, new byte[SendWindow.Initial - 1]);
                await peer.DataAsync(1, new byte[1]);
                break;
            case "frame":
                await peer.SendAsync(YamuxType.Data, YamuxFlags.None, 1, 1024 * 1024 + 1);
                break;
            case "overflow":
                await peer.WindowAsync(1, uint.MaxValue);
                break;
            case "parity":
                await peer.DataAsync(2, [1], YamuxFlags.Syn);
                break;
            case "zero":
                await peer.DataAsync(0, [1]);
                break;
            case "twice":
                await peer.DataAsync(1, [1], YamuxFlags.Syn);
                break;
            case "version":
                await peer.SendAsync(9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
                break;
            case "nothing":
                await peer.SendAsync(new byte[YamuxHeader.Size]);
                break;
            case "after fin":
                await peer.WindowAsync(1, 0, YamuxFlags.Fin);
                await peer.DataAsync(1, [1]);
                break;
            case "late flood":
                for (int i = 0; i < 51; i++)
                    await peer.DataAsync(99, new byte[100]);
                break;
            case "empty flood":
                for (int i = 0; i < 51; i++)
                    await peer.DataAsync(1, []);
                break;
            case "fin flood":
                for (int i = 0; i < 52; i++)
                    await peer.WindowAsync(1, 0, YamuxFlags.Fin);
                break;
            case "window flood":
                for (int i = 0; i < 51; i++)
                    await peer.WindowAsync(1, 1);
                break;
            case "ping flood":
                for (int i = 0; i < 51 + 16; i++)
                    await peer.SendAsync(YamuxType.Ping, YamuxFlags.Syn, 0, 1);
                break;
            default:
                for (int i = 0; i < 51; i++)
                    await peer.SendAsync(YamuxType.Ping, YamuxFlags.Ack, 0, 0);
                break;
        }
        List<YamuxHeader> rest = await peer.RestAsync();
        Assert.Equal(new YamuxHeader(YamuxType.GoAway, YamuxFlags.None, 0, 1), rest[^1]);
        Assert.Equal(expected, await session.Completion);
        await Assert.ThrowsAsync<StreamResetException>(() => stream.WriteAsync(new byte[1], Ct).AsTask());
        Assert.Null(session.TryOpen());
        Assert.Null(await session.AcceptAsync(Ct));
        if (kind == "ping flood")
            Assert.Equal(16, rest.Count(h => h.Type == YamuxType.Ping));
    }

    [Fact]
    public async Task Flooding_slower_than_the_allowance_is_forgiven()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(
            new YamuxOptions { NuisanceBurst = 50, NuisancePerSecond = 50 });
        for (int second = 0; second < 10; second++)
        {
            for (int i = 0; i < 50; i++)
                await peer.DataAsync(99, new byte[100]);
            await peer.SyncAsync();
            harness.Time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.False(session.IsClosing);
    }

    [Fact]
    public async Task Streams_beyond_the_backlog_are_refused_and_a_flood_of_them_ends_the_session()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(
            new YamuxOptions { InboundStreamsMax = 10, AcceptBacklogMax = 4, NuisanceBurst = 80 });
        for (uint id = 1; id <= 11; id += 2)
            await peer.DataAsync(id, [1], YamuxFlags.Syn);
        List<YamuxHeader> refused = await peer.SyncAsync();
        Assert.Equal([9u, 11u], refused.Where(h => h.Has(YamuxFlags.Rst)).Select(h => h.StreamId));
        Assert.Equal(4, session.InboundCount);

        for (uint id = 101; id <= 121; id += 2)
            await peer.DataAsync(id, [1], YamuxFlags.Syn);
        await peer.RestAsync();
        Assert.Equal(YamuxEnd.FrameFlood, await session.Completion);
    }

    [Fact]
    public async Task Opening_and_resetting_does_not_free_the_slot_while_the_handler_runs()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(new YamuxOptions { InboundStreamsMax = 3 });
        List<Libp2pStream> handled = [];
        for (uint id = 1; id <= 9; id += 2)
        {
            await peer.DataAsync(id, [1], YamuxFlags.Syn);
            await peer.WindowAsync(id, 0, YamuxFlags.Rst);
            if (id <= 5)
                handled.Add((await session.AcceptAsync(Ct))!);
        }
        List<YamuxHeader> answers = await peer.SyncAsync();
        Assert.Equal([7u, 9u], answers.Where(h => h.Has(YamuxFlags.Rst)).Select(h => h.StreamId));
        Assert.Equal(3, session.InboundCount);
        foreach (Libp2pStream stream in handled)
            await stream.DisposeAsync();
        Assert.Equal(0, session.InboundCount);
    }

    [Fact]
    public async Task Streams_of_our_own_are_limited()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, _, _) = harness.Scripted(new YamuxOptions { OutboundStreamsMax = 2 }, isDialer: true);
        Libp2pStream first = session.TryOpen()!;
        Assert.NotNull(session.TryOpen());
        Assert.False(session.CanOpen);
        Assert.Null(session.TryOpen());
        await first.DisposeAsync();
        Assert.NotNull(session.TryOpen());
    }

    [Fact]
    public async Task Unread_bytes_above_the_quota_reset_the_stream_that_brings_them()
    {
        await using YamuxHarness harness = new();
        ByteQuota process = new(300_000);
        (MemoryChannel a, MemoryChannel b) = MemoryChannel.Pair();
        YamuxSession session = harness.Start(a, isDialer: false, quota: process);
        ScriptedYamux peer = new(b);
        await peer.DataAsync(1, new byte[200_000], YamuxFlags.Syn);
        await peer.DataAsync(3, new byte[200_000], YamuxFlags.Syn);
        List<YamuxHeader> answers = await peer.SyncAsync();
        Assert.Equal(3u, Assert.Single(answers, h => h.Has(YamuxFlags.Rst)).StreamId);
        Assert.InRange(process.Used, 200_000, 300_000);

        await using Libp2pStream first = (await session.AcceptAsync(Ct))!;
        await first.ReadExactlyAsync(new byte[200_000], Ct);
        Assert.Equal(0, process.Used);
    }

    [Fact]
    public async Task Late_frames_after_our_reset_are_dropped()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        Libp2pStream stream = session.TryOpen()!;
        await stream.WriteAsync(new byte[1], Ct);
        await stream.DisposeAsync();
        await peer.DataAsync(1, new byte[100_000], YamuxFlags.Ack);
        await peer.WindowAsync(1, 0, YamuxFlags.Fin);
        await peer.SyncAsync();
        Assert.Equal(0, session.BufferedBytes);
        Assert.False(session.IsClosing);
    }

    [Fact]
    public async Task Stream_reset_before_its_first_write_is_never_mentioned()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        await session.TryOpen()!.DisposeAsync();
        Assert.Empty(await peer.SyncAsync());
        Assert.Equal(0, session.OutboundCount);
    }

    [Fact]
    public async Task Bytes_that_came_before_a_reset_can_still_be_read()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted();
        await peer.DataAsync(1, [1, 2, 3], YamuxFlags.Syn);
        await peer.WindowAsync(1, 0, YamuxFlags.Rst);
        await peer.SyncAsync();
        await using Libp2pStream stream = (await session.AcceptAsync(Ct))!;
        byte[] got = new byte[3];
        await stream.ReadExactlyAsync(got, Ct);
        Assert.Equal([1, 2, 3], got);
        await Assert.ThrowsAsync<StreamResetException>(() => stream.ReadAsync(got, Ct).AsTask());
    }

    [Fact]
    public async Task Remote_go_away_stops_new_streams_and_keeps_the_open_ones()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        await using Libp2pStream stream = session.TryOpen()!;
        await stream.WriteAsync(new byte[1], Ct);
        await peer.SendAsync(YamuxType.GoAway, YamuxFlags.None, 0, 0);
        await peer.DataAsync(1, [6], YamuxFlags.Ack | YamuxFlags.Fin);
        Assert.Equal([6], await YamuxStreamTests.ReadAllAsync(stream));
        Assert.Null(session.TryOpen());
        Assert.False(session.Completion.IsCompleted);

        await peer.SendAsync(YamuxType.GoAway, YamuxFlags.None, 0, 2);
        Assert.Equal(YamuxEnd.RemoteGoAway, await session.Completion);
    }

    [Fact]
    public async Task Close_says_go_away_and_closes_the_channel()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        session.Close();
        Assert.Equal([new YamuxHeader(YamuxType.GoAway, YamuxFlags.None, 0, 0)], await peer.RestAsync());
        Assert.Equal(YamuxEnd.LocalClose, await session.Completion);
    }

    [Fact]
    public async Task Lost_connection_fails_waiting_readers_and_writers()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, _, MemoryChannel wire) = harness.Scripted(isDialer: true);
        await using Libp2pStream stream = session.TryOpen()!;
        Task write = stream.WriteAsync(new byte[500_000], Ct).AsTask();
        ValueTask<int> read = stream.ReadAsync(new byte[1], Ct);
        wire.Abort();
        await Assert.ThrowsAsync<StreamResetException>(async () => await read);
        await Assert.ThrowsAsync<StreamResetException>(() => write);
        // Reader and writer notice at the same time.
        Assert.Contains(await session.Completion, new[] { YamuxEnd.RemoteClose, YamuxEnd.ChannelBroken });
    }

    [Fact]
    public async Task Peer_that_stops_reading_is_dropped_after_the_write_timeout()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(
            new YamuxOptions { SilenceMax = TimeSpan.MaxValue }, isDialer: true, writesMax: 1);
        Libp2pStream stream = session.TryOpen()!;
        await peer.WindowAsync(1, 10_000_000);
        await peer.SyncAsync();
        Task write = stream.WriteAsync(new byte[10_000_000], Ct).AsTask();
        while (!session.Completion.IsCompleted)   // first the write timeout, then the close deadline
        {
            harness.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
        await Assert.ThrowsAsync<StreamResetException>(() => write);
        Assert.Equal(YamuxEnd.WriteStalled, await session.Completion);
    }

    [Fact]
    public async Task Peer_that_makes_us_answer_and_does_not_read_is_dropped()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(
            new YamuxOptions { PingBurst = int.MaxValue }, writesMax: 2);
        byte[] pings = [.. Enumerable.Repeat(Frame(YamuxType.Ping, YamuxFlags.Syn, 0, 1), 10_000).SelectMany(static f => f)];
        Task flood = Task.Run(
            async () =>
            {
                while (true)
                    await peer.SendAsync(pings);
            },
            Ct);
        while (!session.IsClosing)
            await Task.Yield();
        while (!session.Completion.IsCompleted)   // the close deadline
        {
            harness.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.Equal(YamuxEnd.ControlBacklog, await session.Completion);
        await Assert.ThrowsAsync<IOException>(() => flood);
    }

    [Fact]
    public async Task Silent_connection_is_pinged_and_then_dropped()
    {
        await using YamuxHarness harness = new();
        (YamuxSession session, ScriptedYamux peer, _) = harness.Scripted(isDialer: true);
        harness.Time.Advance(TimeSpan.FromSeconds(30));
        YamuxHeader ping = await peer.HeaderAsync();
        Assert.Equal((YamuxType.Ping, YamuxFlags.Syn), (ping.Type, ping.Flags));
        harness.Time.Advance(TimeSpan.FromMilliseconds(250));
        await peer.SendAsync(YamuxType.Ping, YamuxFlags.Ack, 0, ping.Length);
        await peer.SyncAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(250), session.RoundTrip);

        for (int i = 0; i < 16; i++)
            harness.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(session.IsClosing);
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(YamuxEnd.Silent, await session.Completion);
    }

    private static byte[] Frame(YamuxType type, YamuxFlags flags, uint id, uint length)
    {
        byte[] bytes = new byte[YamuxHeader.Size];
        new YamuxHeader(type, flags, id, length).Write(bytes);
        return bytes;
    }
}
