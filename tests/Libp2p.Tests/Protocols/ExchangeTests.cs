using System.Buffers.Binary;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Tests.TestKit;
using OpSync.Libp2p.Yamux;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Libp2p.Tests.Protocols;

public sealed class ExchangeTests
{
    private static readonly string[] s_echo = ["/block/1", "/block/0"];

    private static readonly ExchangeLimits s_patient = new()
    {
        OpenTimeout = TimeSpan.FromSeconds(60),
        WriteTimeout = TimeSpan.FromSeconds(60),
        ReadTimeout = TimeSpan.FromSeconds(60),
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_arrive_whole_one_after_the_other_and_many_at_a_time()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", ServeAsync);
        for (int i = 0; i < 1_000; i++)
            await CheckAsync(i, 30_000);

        // Of the 64 streams that a connection may have, some of the round before are not quite over.
        for (int round = 0; round < 10; round++)
            await Task.WhenAll(Enumerable.Range(0, 48).Select(i => CheckAsync(i, 30_000)));
        await CheckAsync(5, 0);
        await CheckAsync(6, 64 * 1024);
        await CheckAsync(7, 3_000_000);

        async Task CheckAsync(int seed, int size)
        {
            ExchangeResult result = await AskAsync(client, server, seed, size);
            using PooledResponse? response = result.Response;
            Assert.True(result.IsOk, result.Outcome.ToString());
            Assert.Equal("/block/0", result.Protocol);
            Assert.True(response!.Memory.Span.SequenceEqual(Content(seed, size)));
        }
    }

    [Fact]
    public async Task Protocol_nobody_serves_is_unsupported_and_no_connection_is_named()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        Assert.Equal(ExchangeOutcome.Unsupported, (await AskAsync(client, server)).Outcome);
        using var stranger = PeerIdentity.Create(KeyType.Ed25519);
        ExchangeResult result = await Exchange.RequestAsync(client.Swarm, stranger.Id, s_echo, new byte[8], new ExchangeLimits(), Ct);
        Assert.Equal(ExchangeOutcome.NotConnected, result.Outcome);
    }

    [Fact]
    public async Task Protocol_no_longer_spoken_is_negotiated_anew()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", ServeAsync);
        await client.IdentifiedAsync(server.Id);
        client.Swarm.Find(server.Id, client.Swarm.Connections[0].Id)!.SetSpoken(s_echo);   // as if it had been so once
        for (int i = 0; i < 2; i++)
        {
            ExchangeResult result = await AskAsync(client, server);
            Assert.Equal((ExchangeOutcome.Ok, "/block/0"), (result.Outcome, result.Protocol));
            result.Response!.Dispose();
        }
    }

    [Fact]
    public async Task Server_that_never_answers_costs_the_read_time_and_no_more()
    {
        FakeTime time = new();
        (Node client, Node server) = await PairAsync(time);
        await using Node _ = client, __ = server;
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), release = new();
        server.Swarm.Handle("/block/0", async (request, ct) =>
        {
            await request.Stream.ReadExactlyAsync(new byte[8], ct);
            asked.TrySetResult();
            await release.Task;
        });
        Task<ExchangeResult> ask = AskAsync(client, server);
        await asked.Task;
        while (!ask.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, Ct);   // its last deadline may not be set yet, and the connection may be silent for an hour
        }
        ExchangeResult result = await ask;
        Assert.Equal(ExchangeOutcome.Timeout, result.Outcome);
        Assert.True(client.Swarm.IsConnected(server.Id));
        release.SetResult();
    }

    [Fact]
    public async Task Answer_over_the_limit_is_too_large()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", ServeAsync);
        ExchangeLimits limits = s_patient with { ResponseSizeMax = 100_000, ExpectedSize = 1_000 };
        Assert.Equal(ExchangeOutcome.TooLarge, (await AskAsync(client, server, 1, 100_001, limits)).Outcome);
        ExchangeResult exact = await AskAsync(client, server, 1, 100_000, limits);
        Assert.True(exact.IsOk);
        Assert.Equal(100_000, exact.Response.Memory.Length);
        exact.Response.Dispose();
        exact.Response.Dispose();
        Assert.Throws<ObjectDisposedException>(() => exact.Response.Memory);
    }

    [Fact]
    public async Task Cancelled_request_resets_its_stream()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        TaskCompletionSource asked = new(), reset = new();
        server.Swarm.Handle("/block/0", async (request, ct) =>
        {
            asked.TrySetResult();
            try
            {
                while (true)
                    await request.Stream.WriteAsync(new byte[10_000], ct);
            }
            catch (StreamResetException)
            {
                reset.TrySetResult();
                throw;
            }
        });
        using CancellationTokenSource cancel = new();
        Task<ExchangeResult> ask = AskAsync(client, server, limits: s_patient with { ResponseSizeMax = int.MaxValue, Budget = new Never() }, ct: cancel.Token);
        await asked.Task;
        await cancel.CancelAsync();
        Assert.Equal(ExchangeOutcome.Cancelled, (await ask).Outcome);
        await reset.Task;
    }

    [Fact]
    public async Task Connection_lost_in_the_middle_is_a_reset()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", async (request, ct) =>
        {
            await request.Stream.WriteAsync(new byte[10_000], ct);
            server.Swarm.Disconnect(request.Peer, "gone in the middle");
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        });
        Assert.Equal(ExchangeOutcome.Reset, (await AskAsync(client, server)).Outcome);
        await client.GoneAsync(server.Id);
        Assert.Equal(ExchangeOutcome.NotConnected, (await AskAsync(client, server)).Outcome);
    }

    [Fact]
    public async Task Failing_handler_resets_its_stream_only()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/1", static (_, _) => throw new InvalidOperationException("a bug"));
        Assert.Equal(ExchangeOutcome.Reset, (await AskAsync(client, server)).Outcome);
        server.Swarm.Handle("/block/1", ServeAsync);
        ExchangeResult result = await AskAsync(client, server);
        Assert.Equal("/block/1", result.Protocol);
        result.Response!.Dispose();
    }

    [Fact]
    public async Task Streams_above_the_process_limit_are_reset_and_the_next_is_served()
    {
        await using Node server = await Node.StartAsync(Patient.Swarm with { InboundStreamsTotalMax = 1 });
        await using Node client = await Node.StartAsync();
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), go = new();
        server.Swarm.Handle("/block/0", async (request, ct) =>
        {
            asked.TrySetResult();
            await go.Task;
            await ServeAsync(request, ct);
        });
        await client.ConnectAsync(server);
        Task<ExchangeResult> first;
        do   // the identify streams of the new connection count as well
            first = AskAsync(client, server);
        while (await Task.WhenAny(first, asked.Task) == first);

        ExchangeOutcome second = (await AskAsync(client, server)).Outcome;
        Assert.Contains(second, new[] { ExchangeOutcome.Reset, ExchangeOutcome.OpenFailed });   // the latter while negotiating
        go.SetResult();
        ExchangeResult result = await first;
        Assert.True(result.IsOk, result.Outcome.ToString());
        result.Response.Dispose();
    }

    [Fact]
    public async Task Budget_is_asked_for_growth_and_its_wait_is_not_the_peers_time()
    {
        FakeTime time = new();
        (Node client, Node server) = await PairAsync(time);
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", ServeAsync);
        SlowBudget budget = new(time, TimeSpan.FromSeconds(12));   // five waits, each shorter than the time to read, all together longer
        ExchangeResult result = await AskAsync(
            client, server, 1, 150_000, new ExchangeLimits { ExpectedSize = 50_000, Budget = budget, ReadTimeout = TimeSpan.FromSeconds(50) });
        Assert.True(result.IsOk, result.Outcome.ToString());
        Assert.Equal([12_500, 15_625, 19_531, 24_414, 30_517], budget.Taken);   // a quarter more each time
        Assert.Equal(TimeSpan.FromSeconds(60), result.BudgetWait);
        Assert.Equal(150_000, result.Response.Exact?.Length);
        result.Response.Dispose();
    }

    [Fact]
    public async Task Asker_that_half_closes_late_still_gets_the_whole_answer()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client, __ = server;
        server.Swarm.Handle("/block/0", ServeAsync);
        OpenResult open = await client.Swarm.OpenStreamAsync(server.Id, ["/block/0"], Ct);
        Assert.True(open.IsOpened);
        await using Libp2pStream stream = open.Stream;
        await stream.WriteAsync(Request(3, 300_000), Ct);
        using MemoryStream all = new();
        await stream.CopyToAsync(all, Ct);
        Assert.Equal(Content(3, 300_000), all.ToArray());
        await stream.CloseWriteAsync(Ct);
    }

    [Fact]
    public async Task Handlers_under_way_finish_when_the_server_stops()
    {
        (Node client, Node server) = await PairAsync();
        await using Node _ = client;
        TaskCompletionSource asked = new(), go = new();
        server.Swarm.Handle("/block/0", async (request, ct) =>
        {
            asked.TrySetResult();
            await go.Task;
            await ServeAsync(request, ct);
        });
        Task<ExchangeResult> ask = AskAsync(client, server);
        await asked.Task;
        ValueTask stop = server.DisposeAsync();
        go.SetResult();
        ExchangeResult result = await ask;
        Assert.True(result.IsOk, result.Outcome.ToString());
        result.Response.Dispose();
        await stop;
        await client.GoneAsync(server.Id);
    }

    private static async Task<(Node Client, Node Server)> PairAsync(TimeProvider? clientTime = null)
    {
        Node server = await Node.StartAsync(keyType: KeyType.Secp256k1);

        // A clock that jumps leaves the connection no time to answer: its own limits are not what these tests are about.
        TimeSpan hour = TimeSpan.FromHours(1);
        SwarmOptions? patient = clientTime is null
            ? null
            : Patient.Swarm with { Muxer = new YamuxOptions { KeepAliveInterval = hour, SilenceMax = 2 * hour, WriteTimeout = hour } };
        Node client = await Node.StartAsync(patient, KeyType.Secp256k1, clientTime);
        await client.ConnectAsync(server);
        return (client, server);
    }

    private static Task<ExchangeResult> AskAsync(
        Node client, Node server, int seed = 1, int size = 1_000, ExchangeLimits? limits = null, CancellationToken? ct = null) =>
        Exchange.RequestAsync(client.Swarm, server.Id, s_echo, Request(seed, size), limits ?? s_patient, ct ?? Ct).AsTask();

    private static byte[] Request(int seed, int size)
    {
        byte[] request = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(request, seed);
        BinaryPrimitives.WriteInt32LittleEndian(request.AsSpan(4), size);
        return request;
    }

    private static byte[] Content(int seed, int size) => Seeds.Create(seed).NextBytes(size);

    private static async ValueTask ServeAsync(InboundStream request, CancellationToken cancellationToken)
    {
        byte[] asked = new byte[8];
        await request.Stream.ReadExactlyAsync(asked, cancellationToken);
        byte[] content = Content(BinaryPrimitives.ReadInt32LittleEndian(asked), BinaryPrimitives.ReadInt32LittleEndian(asked.AsSpan(4)));
        await request.Stream.WriteAsync(content, cancellationToken);
    }

    private sealed class SlowBudget(FakeTime time, TimeSpan wait) : IReadBudget
    {
        public List<int> Taken { get; } = [];

        public async ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken)
        {
            Taken.Add(moreBytes);
            await Task.Yield();
            time.Advance(wait);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private sealed class Never : IReadBudget
    {
        public async ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
