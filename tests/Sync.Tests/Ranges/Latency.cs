using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

/// <summary>One range among honest peers whose answers sometimes take far longer, in virtual time from one seed. Measures how long
/// the cursor stands still.</summary>
internal sealed class Latency(int seed, int peers, int inFlight, int slowOneIn, double slowFactor)
{
    private readonly PriorityQueue<RangeEvent, (TimeSpan At, long Order)> _events = new();
    private readonly Random _random = new(seed);
    private readonly HashSet<ulong> _cancelled = [];
    private readonly List<TimeSpan> _waits = [];
    private readonly List<TimeSpan> _answers = [];
    private readonly HashSet<ulong> _open = [];
    private long _order;

    public RangeSyncOptions Options { get; init; } = new();

    /// <summary>Answers take this long, give or take a third.</summary>
    public TimeSpan RoundTrip { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Replaces the time of an answer of a peer; for peers that change.</summary>
    public Func<PeerKey, TimeSpan, TimeSpan>? Pace { get; init; }

    public TimeSpan Now { get; private set; }

    /// <summary>Requests in order: true for second copies.</summary>
    public List<bool> Requests { get; } = [];

    /// <summary>Requests in order: whom, when.</summary>
    public List<(PeerKey Peer, TimeSpan At)> Asked { get; } = [];

    public TimeSpan MedianAnswer => Quantile(_answers, 0.5);

    public int Stalls => _waits.Count;

    /// <summary>How long the cursor stood still where it did.</summary>
    public TimeSpan CursorStall(double share) => Quantile(_waits, share);

    public void Run(int blocks, Action<RangeSync, TimeSpan>? look = null)
    {
        RangeSync core = new(Crowd.Target(1, (ulong)blocks), Options, [], seed);
        Post(TimeSpan.Zero, new RangeEvent.PeersChanged([.. Enumerable.Range(0, peers).Select(i => new PeerOffer(new PeerKey($"p{i}"), inFlight))]));
        ulong? cursor = (ulong)blocks;
        TimeSpan cursorSince = TimeSpan.Zero, wake = TimeSpan.MaxValue;
        while (core.Result == RangeResult.None)
        {
            RangeEvent next = new RangeEvent.Tick();
            if (_events.TryPeek(out _, out (TimeSpan At, long) at) && at.At <= wake) (Now, next) = (at.At, _events.Dequeue());
            else Now = wake > Now ? wake : Now;
            if (next is RangeEvent.Replied replied && _cancelled.Remove(replied.Items[0].RequestId)) continue;

            RangeCommands todo = core.Step(next, Now);
            wake = todo.WakeAt;
            Carry(todo);
            look?.Invoke(core, Now);
            ulong? reached = core.GetStatus(Now).Cursor;
            if (reached == cursor) continue;

            if (Now > cursorSince) _waits.Add(Now - cursorSince);
            (cursor, cursorSince) = (reached, Now);
        }

        Assert.Equal(RangeResult.Complete, core.Result);
    }

    private void Carry(RangeCommands todo)
    {
        if (todo.Promote.Count > 0)
            Post(TimeSpan.FromMilliseconds(2), new RangeEvent.Acknowledged([.. todo.Promote.Select(b => new StoreAck(b, null))]));
        foreach (Cancellation needless in todo.Cancel) _cancelled.UnionWith(needless.RequestIds);
        foreach (Ask ask in todo.Ask)
        {
            foreach (AskItem item in ask.Items)
            {
                Requests.Add(!_open.Add(item.Number));
                Asked.Add((ask.Peer, Now));
                TimeSpan time = RoundTrip * (2.0 / 3 + _random.NextDouble() * 2 / 3);
                if (slowOneIn > 0 && _random.Next(slowOneIn) == 0) time *= slowFactor;
                if (Pace is not null) time = Pace(ask.Peer, Now);
                _answers.Add(time);
                Post(time, new RangeEvent.Replied([new FetchReply(item.RequestId, ask.Peer, item.Number, FetchOutcome.Good, TestChain.Block(item.Number))]));
            }
        }
    }

    private void Post(TimeSpan delay, RangeEvent e) => _events.Enqueue(e, (Now + delay, _order++));

    private static TimeSpan Quantile(List<TimeSpan> times, double share)
    {
        List<TimeSpan> sorted = [.. times.Order()];
        return sorted[(int)((sorted.Count - 1) * share)];
    }
}
