using System.Net;
using System.Net.Sockets;
using OpSync.Abuse.Kit;
using OpSync.Libp2p.Swarms;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Abuse;

/// <summary>What strangers do to <c>opsync serve</c> before they have a connection, or with nothing but connections.</summary>
[Collection(TargetCollection.Name)]
public sealed class ConnectionAbuseTests(Target target) : IAsyncLifetime
{
    private const int SubnetsOfTest = 5_000;

    private static int s_tests;

    /// <summary>The target counts the handshakes of each subnet: each test has subnets of its own.</summary>
    private readonly int _firstSubnet = 2_000 + (SubnetsOfTest * Interlocked.Increment(ref s_tests));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The target counts the handshakes of all, too: half of what the tests before used up comes back first.</summary>
    public async ValueTask InitializeAsync()
    {
        SwarmOptions limits = new();
        await Task.Delay(TimeSpan.FromSeconds(0.5 * limits.HandshakeBurst / limits.HandshakeRate), Ct);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Junk_in_the_place_of_a_handshake_is_closed_and_leaves_nothing()
    {
        Random random = Seeds.Create(1);
        byte[][] junk =
        [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), random.NextBytes(5_000), new byte[70_000], [0xff, 0xff, 0xff, 0xff, 0x0f],
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01], [.. "\x13/multistream/1.0.0\n"u8, .. random.NextBytes(2_000)],
            [.. "\x13/multistream/1.0.0\n\x07/noise\n"u8, 0xff, 0xff, .. random.NextBytes(2_000)],
            [.. "\x13/multistream/1.0.0\n\x07/noise\n"u8, 0x00, 0x20, .. random.NextBytes(32)],
        ];
        int closed = 0;
        await ForEachAsync(Rounds.Of(200, 2_000), 16, async i =>
        {
            using Stranger? stranger = await Stranger.ConnectAsync(target.EndPoint, Source(i % 50, 1 + (i % 9)), Ct);
            if (stranger is not null && await stranger.TrySendAsync(junk[i % junk.Length], Ct))
            {
                stranger.Socket.Shutdown(SocketShutdown.Send);
                await stranger.DrainAsync(Ct);
            }

            Interlocked.Increment(ref closed);
        });

        Assert.Equal(Rounds.Of(200, 2_000), closed);
        await target.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Half_open_crowd_from_many_subnets_cannot_keep_the_door()
    {
        List<Stranger> crowd = [];
        for (int i = 0; i < Rounds.Of(400, 2_000); i++)
        {
            if (await Stranger.ConnectAsync(target.EndPoint, Source(i % 200, 1 + (i / 200)), Ct) is { } stranger) crowd.Add(stranger);
        }

        double connected = await target.AskAsConnectedAsync(), newcomer = await target.AskAsNewcomerAsync();
        ProcessFigures during = await target.WhenAsync(static f => f.Sockets <= 16 + 64);   // what is refused is closed a moment later
        Assert.True(during.Sockets <= 16 + 64, $"{during.Sockets} sockets while {crowd.Count} half-open connections wait");
        crowd.ForEach(static s => s.Dispose());
        await target.AssertUnharmedAsync($"While {crowd.Count} were half open: {connected:0.000} s (connected), {newcomer:0.000} s (newcomer), {during}");
    }

    [Theory]
    [InlineData("multistream")]
    [InlineData("noise")]
    [InlineData("yamux")]
    public async Task Slow_senders_in_each_phase_of_a_connection_hold_up_nobody(string phase)
    {
        List<Stranger> slow = [];
        for (int i = 0; i < 24; i++)
        {
            Stranger? stranger = phase == "yamux"
                ? await target.LetInAsync(Source(i))
                : await Stranger.ConnectAsync(target.EndPoint, Source(i), Ct);
            Assert.NotNull(stranger);
            slow.Add(stranger);
            byte[] start = phase switch
            {
                "multistream" => [0x13, (byte)'/'],
                "noise" => [.. "\x13/multistream/1.0.0\n\x07/noise\n"u8, 0x00, 0x20, 0x01],
                _ => [0, 0, 0],
            };
            Assert.True(await stranger.TrySendAsync(start, Ct));
        }

        for (int i = 0; i < 5; i++)
        {
            foreach (Stranger stranger in slow) await stranger.TrySendAsync(new byte[] { (byte)"/mult"[i] }, Ct);   // whose time is up is cut off
            await target.AskAsConnectedAsync();
        }

        double newcomer = await target.AskAsNewcomerAsync();
        slow.ForEach(static s => s.Dispose());
        await target.AssertUnharmedAsync($"While {slow.Count} were slow: {newcomer:0.000} s (newcomer)");
    }

    [Fact]
    public async Task Churn_of_many_identities_from_many_subnets_costs_their_handshakes_and_no_more()
    {
        int made = 0;
        await ForEachAsync(Rounds.Of(400, 1_500), 8, async i =>
        {
            using Stranger? stranger = await Stranger.SecureAsync(target.EndPoint, Source(i), Ct);
            if (stranger is not null) Interlocked.Increment(ref made);
        });

        Assert.True(made > 50, $"{made} connections were made");
        await target.AssertUnharmedAsync($"{made} connections were made");
    }

    [Fact]
    public async Task Connections_of_one_address_and_one_subnet_and_of_all_are_bounded_and_the_rest_is_refused()
    {
        List<(Stranger Stranger, Task Closed)> made = [];
        int ofAddress = await AddAsync(60, _ => Source(30), 32);
        int ofSubnet = await AddAsync(60, i => Source(30, 2 + i), 64);
        int inAll = await AddAsync(300, i => Source(i % 30, 1 + (i / 30)), 192);
        double connected = await target.AskAsConnectedAsync();
        ProcessFigures during = target.Figures;

        Assert.True(ofAddress >= 16 && ofSubnet >= 32 && inAll >= 100, $"only {ofAddress}, {ofSubnet} and {inAll} were let in");
        made.ForEach(static m => m.Stranger.Dispose());
        await target.AssertUnharmedAsync($"let in so far: {ofAddress} of one address, {ofSubnet} of one subnet, {inAll} in all: {connected:0.000} s (connected), {during}");

        // Gives how many were ever let in. Fewer are connected: whoever was idle for a second gives way to others.
        async Task<int> AddAsync(int count, Func<int, IPAddress> source, int max)
        {
            for (int i = 0; i < count; i++)
            {
                if (await Stranger.SecureAsync(target.EndPoint, source(i), Ct) is { } stranger) made.Add((stranger, stranger.DrainAsync(Ct)));
            }

            await target.WhenAsync(_ => Connected() <= max);
            Assert.InRange(Connected(), 0, max);
            return made.Count;
        }

        int Connected() => made.Count(static m => !m.Closed.IsCompleted);
    }

    [Fact]
    public async Task Thousands_of_connects_from_everywhere_are_refused_cheaply()
    {
        int let = 0;
        await ForEachAsync(Rounds.Of(3_000, 10_000), 32, async i =>
        {
            using Stranger? stranger = await Stranger.ConnectAsync(target.EndPoint, Source(i % SubnetsOfTest), Ct);
            if (stranger is not null) Interlocked.Increment(ref let);
        });
        await target.AssertUnharmedAsync($"{let} connects reached the system");
    }

    private IPAddress Source(int subnet, int host = 1) => Stranger.Source(_firstSubnet + subnet, host);

    private static Task ForEachAsync(int count, int width, Func<int, Task> body) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = width, CancellationToken = Ct }, (i, _) => new ValueTask(body(i)));
}
