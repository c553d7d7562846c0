using OpSync.Codec.Bulk;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Consecutive heights in one request: each keeps an outcome, a time and a cancellation of its own.</summary>
public sealed class SpanFetchTests
{
    private const ulong First = 1, Last = 120;

    [Fact]
    public async Task Consecutive_heights_travel_together_and_are_counted_one_by_one()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(Giving("peer", _ => null));

        RangeReport ended = await world.EndAsync(await world.PostAsync(First, Last));

        Assert.Equal((RangeState.Complete, Last), (ended.State, ended.Stored));
        await world.AssertHoldsAsync(First, Last);
        Assert.NotEmpty(world.Crowd.Spans);
        Assert.Empty(world.Crowd.AskedTwice());
        Assert.Equal((long)Last, await UntilToldAsync(world, "peer", r => r.Ok, (long)Last));
        await AssertNothingOpenAsync(world, "peer");
    }

    [Fact]
    public async Task Missing_block_is_not_found_for_it_alone()
    {
        await using World world = await World.StartAsync();
        ScriptedPeer lacking = ScriptedPeer.Lacking("lacking", static n => n == 60);
        lacking.Spans = static n => n == 60 ? SpanPart.Of(BulkCode.Success, BulkEnd.NotFound) : null;
        await world.AddAsync(lacking);
        string range = await world.PostAsync(First, Last);
        await UntilToldAsync(world, "lacking", r => r.Ok, (long)Last - 1);
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);

        await UntilToldAsync(world, "lacking", r => r.NotFound, 1);
        PeerReport told = await world.Peer("lacking").GetReport();
        Assert.Equal((0, 0, 0, (long)Last - 1), (told.Failed, told.Malformed, told.Timeouts, told.Ok));
        Assert.Equal([60UL], world.Crowd.AskedOf("honest").Select(a => a.Number));
        await AssertNothingOpenAsync(world, "lacking");
    }

    [Fact]
    public async Task Torn_stream_fails_what_had_not_come_and_nothing_else()
    {
        await using World world = await World.StartAsync();
        int left = 1;
        await world.AddAsync(Giving("torn", _ => Interlocked.Decrement(ref left) == -1 ? SpanPart.EndAll(FetchVerdict.Failed) : null), ScriptedPeer.Honest("honest"));

        Assert.Equal(RangeState.Complete, (await world.EndAsync(await world.PostAsync(First, Last))).State);

        await UntilToldAsync(world, "torn", r => r.Failed, 1);
        PeerReport told = await world.Peer("torn").GetReport();
        Assert.InRange(told.Failed, 1, world.Crowd.Spans.Max(s => s.Count) - 1);
        Assert.Equal((0, 0, 0), (told.Malformed, told.Timeouts, told.Rejected));
        await AssertNothingOpenAsync(world, "torn");
    }

    [Fact]
    public async Task Malformed_bytes_convict_once_however_many_blocks_they_were_for()
    {
        await using World world = await World.StartAsync();
        await world.AddAsync(Giving("liar", static _ => SpanPart.Malformed));
        string range = await world.PostAsync(First, Last);
        await UntilToldAsync(world, "liar", r => r.Malformed, 1);
        await world.AddAsync(ScriptedPeer.Honest("honest"));

        Assert.Equal(RangeState.Complete, (await world.EndAsync(range)).State);

        // Of the requests that were out before the first was known each convicts by itself.
        int spans = world.Crowd.Spans.Length;
        Assert.Equal(spans, await UntilToldAsync(world, "liar", r => r.Malformed, spans));
        await AssertNothingOpenAsync(world, "liar");
    }

    [Fact]
    public async Task Cancelled_block_of_a_span_ends_alone_and_the_last_one_ends_the_stream()
    {
        await using World world = await World.StartAsync();
        HeldSource source = new();
        Fetcher fetcher = world.Service<Fetcher>();
        RangeKey range = new(TestChain.Id, "some", 1);
        fetcher.StartSpan(source, range, Items(10, 3), ReplyTimeout.Longest, CancellationToken.None);

        fetcher.Cancel(source.Key, range, [11]);
        Assert.Equal((2, false), (source.Open, source.IsEnded));
        fetcher.Cancel(source.Key, range, [11, 12]);
        Assert.Equal((1, false), (source.Open, source.IsEnded));
        fetcher.Cancel(source.Key, range, [10]);

        await World.UntilAsync(() => Task.FromResult(source.IsEnded), "The stream goes on.");
        Assert.Equal(0, source.Open);
        await world.BudgetReturnsAsync();
    }

    [Fact]
    public async Task Blocks_whose_time_is_up_are_told_and_their_stream_goes_on_where_a_place_is_left()
    {
        await using World world = await World.StartAsync(new WorldOptions { RepliesTimeOut = true });
        HeldSource patient = new() { LatePlaces = 1 }, strict = new();
        Fetcher fetcher = world.Service<Fetcher>();
        ReplyTimeout soon = new(TimeSpan.FromMilliseconds(1), 1e9);
        RangeKey range = new(TestChain.Id, "some", 1);
        fetcher.StartSpan(patient, range, Items(10, 3), soon, CancellationToken.None);
        fetcher.StartSpan(strict, range, Items(20, 3), soon, CancellationToken.None);

        await World.UntilAsync(() => Task.FromResult(patient.Open == 0 && strict.IsEnded), "Nothing timed out.");
        Assert.Equal((false, 0, 0), (patient.IsEnded, strict.Open, patient.LatePlaces));

        patient.Answer();
        await World.UntilAsync(() => Task.FromResult(patient is { IsEnded: true, LatePlaces: 1 }), "The late stream does not end.");
        Assert.Equal(0, patient.Open);
    }

    private static ScriptedPeer Giving(string id, Func<ulong, SpanPart?> spans)
    {
        ScriptedPeer peer = ScriptedPeer.Honest(id);
        peer.Spans = spans;
        return peer;
    }

    private static AskItem[] Items(ulong first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new AskItem(first + (ulong)i, first + (ulong)i, Urgent: false, SizeExpected: 1_000))];

    private static async Task<long> UntilToldAsync(World world, string peer, Func<PeerReport, long> value, long expected)
    {
        long told = 0;
        await World.UntilAsync(async () => (told = value(await world.Peer(peer).GetReport())) >= expected, () => $"{peer} is told {told}, not {expected}.");
        return told;
    }

    private static async Task AssertNothingOpenAsync(World world, string peer)
    {
        await World.UntilAsync(() => Task.FromResult(world.Crowd.Find(new PeerKey(peer))!.Open == 0), "Requests stay open.");
        await world.BudgetReturnsAsync();
    }

    /// <summary>Keeps its one answer back until it is told to give it.</summary>
    private sealed class HeldSource : IFetchSource, ISpanAnswer
    {
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationToken _token;
        private ulong _next;
        private int _open = 3;
        private int _places;
        private int _ended;

        public PeerKey Key { get; } = new(Guid.NewGuid().ToString());

        public int Open => Volatile.Read(ref _open);

        public bool IsEnded => Volatile.Read(ref _ended) > 0;

        public int LatePlaces { get => Volatile.Read(ref _places); init => _places = value; }

        public void Answer() => _answer.TrySetResult();

        public ValueTask<ExchangeResult> RequestAsync(RangeKey range, AskItem item, ReadReservation reservation, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ISpanAnswer RequestSpan(RangeKey range, ulong first, int count, int bytesMax, ReadReservation reservation, CancellationToken cancellationToken)
        {
            (_token, _next) = (cancellationToken, first);
            return this;
        }

        public async ValueTask<SpanPart> NextAsync(int accounted)
        {
            try
            {
                await _answer.Task.WaitAsync(_token);
            }
            catch (OperationCanceledException)
            {
                return SpanPart.EndAll(FetchVerdict.OurFault);
            }

            byte[] wire = [.. TestChain.Right.WireAt(_next++)];
            return new SpanPart(new PooledResponse(wire, wire.Length, isPooled: false), TimeSpan.Zero, TimeSpan.Zero);
        }

        public void Count(int change) => Interlocked.Add(ref _open, change);

        public bool TryBeginLate()
        {
            if (Interlocked.Decrement(ref _places) >= 0) return true;
            Interlocked.Increment(ref _places);
            return false;
        }

        public void EndLate() => Interlocked.Increment(ref _places);

        public ValueTask FinishAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref _ended);
            return ValueTask.CompletedTask;
        }
    }
}
