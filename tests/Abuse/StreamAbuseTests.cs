using OpSync.Abuse.Kit;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Abuse;

/// <summary>What strangers with a connection do to <c>opsync serve</c> by streams.</summary>
[Collection(TargetCollection.Name)]
public sealed class StreamAbuseTests(Target target)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_opened_and_reset_in_a_loop_end_the_connection()
    {
        using Stranger stranger = await SecureAsync(0);
        Task<long> reading = stranger.DrainAsync(Ct);
        uint id = 1;
        bool open = true;
        for (int round = 0; round < 2_000 && open && !reading.IsCompleted; round++)
        {
            List<YamuxHeader> frames = [];
            for (int i = 0; i < 32; i++, id += 2)
            {
                frames.Add(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, id, 0));
                frames.Add(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Rst, id, 0));
            }

            open = await stranger.TrySendAsync(frames, Ct);
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(60), Ct);   // closed by the server
        await target.AssertUnharmedAsync($"the connection ended after {id / 2} streams");
    }

    [Theory]
    [InlineData("ping flood")]
    [InlineData("window overflow")]
    [InlineData("data beyond the window")]
    [InlineData("frame of 4 GiB")]
    [InlineData("wrong version")]
    [InlineData("stream id of ours")]
    [InlineData("frames of unknown streams")]
    public async Task Breach_of_the_muxers_rules_ends_the_connection(string breach)
    {
        using Stranger stranger = await SecureAsync(1);
        Task<long> reading = stranger.DrainAsync(Ct);
        byte[] raw = breach switch
        {
            "data beyond the window" => [.. Frame(YamuxType.Data, YamuxFlags.Syn, 1, 0), .. Enumerable.Repeat<byte[]>([.. Frame(YamuxType.Data, YamuxFlags.None, 1, 65_536), .. new byte[65_536]], 6).SelectMany(static b => b)],
            "frame of 4 GiB" => [.. Frame(YamuxType.Data, YamuxFlags.Syn, 1, uint.MaxValue), .. new byte[1_000]],
            "wrong version" => [9, .. Frame(YamuxType.Ping, YamuxFlags.Syn, 0, 1)[1..]],
            "window overflow" => [.. Frame(YamuxType.WindowUpdate, YamuxFlags.Syn, 1, uint.MaxValue), .. Frame(YamuxType.WindowUpdate, YamuxFlags.None, 1, uint.MaxValue)],
            "stream id of ours" => Frame(YamuxType.Data, YamuxFlags.Syn, 2, 0),
            "ping flood" => [.. Enumerable.Range(0, 1_000).SelectMany(static i => Frame(YamuxType.Ping, YamuxFlags.Syn, 0, (uint)i))],
            _ => [.. Enumerable.Range(0, 1_000).SelectMany(static i => Frame(YamuxType.WindowUpdate, YamuxFlags.None, (uint)(1_001 + (2 * i)), 1))],
        };
        int sent = 0;
        while (sent < 400 && !reading.IsCompleted && await stranger.TrySendAsync(raw, Ct)) sent++;

        await reading.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        await target.AssertUnharmedAsync($"the connection ended after {sent} times {raw.Length:N0} bytes");
    }

    [Fact]
    public async Task Unread_answers_are_bounded_and_hold_up_nobody()
    {
        List<Stranger> strangers = [];
        for (int s = 0; s < 16; s++)
        {
            Stranger stranger = await SecureAsync(10 + s);
            strangers.Add(stranger);
            for (uint i = 0; i < 60; i++) Assert.True(await stranger.TryOpenAsync((2 * i) + 1, target.Protocol, [1 + 3, 0, 0, 0, 0, 0, 0, 0], Ct));
        }

        double connected = await target.AskAsConnectedAsync(), newcomer = await target.AskAsNewcomerAsync();
        ProcessFigures during = target.Figures;
        strangers.ForEach(static s => s.Dispose());
        await target.AssertUnharmedAsync($"While {strangers.Count} did not read: {connected:0.000} s (connected), {newcomer:0.000} s (newcomer), {during}");
    }

    [Fact]
    public async Task Requests_that_never_come_whole_from_all_streams_there_are_leave_room_for_others()
    {
        List<Stranger> strangers = [];
        for (int s = 0; s < 48; s++)
        {
            Stranger stranger = await SecureAsync(40 + s);
            strangers.Add(stranger);
            for (uint i = 0; i < 64; i++) await stranger.TryOpenAsync((2 * i) + 1, target.Protocol, [1, 0, 0], Ct);
        }

        double connected = await target.AskAsConnectedAsync(), newcomer = await target.AskAsNewcomerAsync();
        strangers.ForEach(static s => s.Dispose());
        await target.AssertUnharmedAsync($"While {strangers.Count * 64:N0} requests were open: {connected:0.000} s (connected), {newcomer:0.000} s (newcomer)");
    }

    [Fact]
    public async Task Requests_far_too_long_are_dropped_unread()
    {
        byte[] body = new byte[60_000];
        ProcessFigures peak = default;
        for (int s = 0; s < Rounds.Of(8, 40); s++)
        {
            using Stranger stranger = await SecureAsync(90 + s);
            Task<long> reading = stranger.DrainAsync(Ct);
            for (uint id = 1; id < 128; id += 2)
            {
                if (!await stranger.TryOpenAsync(id, target.Protocol, [1, 0, 0, 0, 0, 0, 0, 0], Ct)) break;
                for (int i = 0; i < 4; i++)
                {
                    await stranger.TrySendAsync((byte[])[.. Frame(YamuxType.Data, YamuxFlags.None, id, (uint)body.Length), .. body], Ct);
                }
            }

            peak = target.Figures;
            stranger.Dispose();
            await reading.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        }

        await target.AssertUnharmedAsync($"under way: {peak}");
    }

    [Fact]
    public async Task Many_identities_of_one_address_share_its_rate_and_others_keep_theirs()
    {
        List<Stranger> greedy = [];
        List<Task<long>> readings = [];
        for (int s = 0; s < 24; s++)
        {
            Stranger stranger = await SecureAsync(150, host: 1);
            greedy.Add(stranger);
            readings.Add(stranger.DrainAsync(Ct));
        }

        uint id = 1;
        for (int round = 0; round < Rounds.Of(40, 400); round++, id += 2)
        {
            foreach (Stranger stranger in greedy) await stranger.TryOpenAsync(id, target.Protocol, [5, 0, 0, 0, 0, 0, 0, 0], Ct);
        }

        double connected = await target.AskAsConnectedAsync(), newcomer = await target.AskAsNewcomerAsync();
        greedy.ForEach(static s => s.Dispose());
        long[] bytes = await Task.WhenAll(readings).WaitAsync(TimeSpan.FromSeconds(60), Ct);
        await target.AssertUnharmedAsync(
            $"While {greedy.Count} of one address asked {greedy.Count * (id / 2):N0} times and got {bytes.Sum():N0} bytes: {connected:0.000} s (connected), {newcomer:0.000} s (newcomer)");
    }

    private Task<Stranger> SecureAsync(int subnet, int host = 7) => target.LetInAsync(Stranger.Source(1_000 + subnet, host));

    private static byte[] Frame(YamuxType type, YamuxFlags flags, uint id, uint length)
    {
        byte[] frame = new byte[YamuxHeader.Size];
        new YamuxHeader(type, flags, id, length).Write(frame);
        return frame;
    }
}
