using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Stands for the silo's connection to one peer, its requests, and the verifier behind them.</summary>
public sealed class LinkModel(World world, PeerShell peer, PeerRecord record)
{
    /// <summary>Limits as in the silo.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RoomWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GrowWaitMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan VerifyTime = TimeSpan.FromMilliseconds(1);

    /// <summary>Answers read on after their deadline.</summary>
    private const int LateMax = 4;

    private readonly List<Request> _requests = [];
    private int _late;
    private readonly Queue<(Request Request, Answer Answer)> _line = new();
    private bool _lineBusy;

    /// <summary>Requests without an outcome.</summary>
    public int Open { get; private set; }

    /// <summary>Starts requests.</summary>
    public void Fetch(RangeKey range, IReadOnlyList<AskItem> items, ReplyTimeout timeout)
    {
        foreach (Request old in _requests.Where(r => r.Range.ChainId == range.ChainId && r.Range.RangeId == range.RangeId && r.Range.Generation < range.Generation).ToArray())
            End(old, FetchOutcome.OurFault);

        foreach (AskItem item in items)
        {
            Request request = new(range, item, timeout.For(item.SizeExpected));
            _requests.Add(request);
            Open++;
            request.StopWaiting = world.Budget.Take(item.SizeExpected, item.Urgent, item.Priority, RoomWaitMax, taken =>
            {
                if (taken) Account(request, item.SizeExpected);
                if (request.IsEnded) GiveBack(request);
                else if (!taken) End(request, FetchOutcome.OurFault);
                else Send(request);
            });
        }
    }

    /// <summary>Ends the requests of a range.</summary>
    public void Cancel(RangeKey range)
    {
        foreach (Request request in _requests.Where(r => r.Range.ChainId == range.ChainId && r.Range.RangeId == range.RangeId && r.Range.Generation <= range.Generation).ToArray())
            End(request, FetchOutcome.OurFault);
    }

    /// <summary>Ends single requests.</summary>
    public void Cancel(RangeKey range, IReadOnlyList<ulong> requestIds)
    {
        foreach (Request request in _requests.Where(r => r.Range == range && requestIds.Contains(r.Item.RequestId)).ToArray()) End(request, FetchOutcome.OurFault);
    }

    /// <summary>The connection is gone.</summary>
    public void Drop()
    {
        foreach (Request request in _requests.ToArray()) End(request, FetchOutcome.Failed);
    }

    private void Send(Request request)
    {
        if (!record.IsConnected)
        {
            End(request, FetchOutcome.NotAsked);
            return;
        }

        record.BadUntilAside = record.Bad + 1;
        record.Requests++;
        (ulong, ulong) height = (request.Range.ChainId, request.Item.Number);
        record.Asked[height] = record.Asked.GetValueOrDefault(height) + 1;
        request.SentAt = world.Agenda.Now;
        world.Trace.Add(world.Agenda.Now, "ask", peer.Key.Value, request.Item.Number, request.Item.RequestId);
        if (request.Timeout < ReadTimeout) world.Agenda.After(request.Timeout, () => BecomeLate(request));
        world.Agenda.After(ReadTimeout, () => End(request, FetchOutcome.Timeout));
        if (world.Roll(world.Plan.Resets))
        {
            world.Agenda.After(Way() * 2, () => End(request, FetchOutcome.Failed));
            return;
        }

        if (record.Plan.Manner is Manner.Silent or Manner.Trickling) return;
        world.Agenda.After(Way(), () => Arrive(request));
    }

    /// <summary>The request is at the peer, which works out its answer and when it begins to arrive here.</summary>
    private void Arrive(Request request)
    {
        if (request.IsEnded) return;
        TimeSpan now = world.Agenda.Now;
        (TimeSpan servedAt, bool isServed) = record.Server.Admit("us", now);
        Answer answer = isServed ? Decide(request) : new Answer(FetchOutcome.Failed, null);
        bool slow = record.Random.NextDouble() < record.Plan.SlowShare;
        TimeSpan way = slow ? Way() + (2 * record.Plan.Latency * (record.Plan.SlowFactor - 1)) : Way();
        world.Agenda.After(servedAt + way - now, () => Transmit(request, answer));
    }

    /// <summary>The requests of a peer share its line: one answer after the other, what nobody waits for any more is skipped.</summary>
    private void Transmit(Request request, Answer answer)
    {
        request.FirstByte = world.Agenda.Now - request.SentAt;
        _line.Enqueue((request, answer));
        if (!_lineBusy) TransmitNext();
    }

    private void TransmitNext()
    {
        while (_line.TryDequeue(out (Request Request, Answer Answer) next))
        {
            if (next.Request.IsEnded) continue;
            _lineBusy = true;
            world.Agenda.After(TimeSpan.FromSeconds((next.Answer.Block?.Size ?? 16) / record.Plan.BytesPerSecond), () =>
            {
                _lineBusy = false;
                Complete(next.Request, next.Answer);
                if (!_lineBusy) TransmitNext();
            });
            return;
        }
    }

    private Answer Decide(Request request)
    {
        SimChain chain = world.Plan.Chain(request.Range.ChainId);
        ulong number = request.Item.Number;
        PeerPlan plan = record.Plan;
        bool holds = plan.Holds(number) && plan.Serves(chain.Id);
        return plan.Manner switch
        {
            Manner.Truncating => new Answer(FetchOutcome.Failed, null),
            Manner.Absent => new Answer(FetchOutcome.NotFound, null),
            Manner.Failing when number % 2 == 1 => new Answer(FetchOutcome.Failed, null),
            Manner.WrongNumber => new Answer(FetchOutcome.Malformed, null),
            Manner.Junk when number % 2 == 1 => new Answer(FetchOutcome.Malformed, null),
            _ when !holds => new Answer(FetchOutcome.NotFound, null),
            Manner.Garbage => new Answer(FetchOutcome.Good, chain.Block(number, (ulong)record.Random.Next(1_000, 1_000_000))),
            Manner.Fork => new Answer(FetchOutcome.Good, chain.Block(number, plan.Fork)),
            Manner.HalfFork when number % 2 == 1 => new Answer(FetchOutcome.Good, chain.Block(number, plan.Fork)),
            _ => new Answer(FetchOutcome.Good, chain.Block(number)),
        };
    }

    /// <summary>The deadline of the peer's policy has passed: told as a timeout, but what comes after all is used.</summary>
    private void BecomeLate(Request request)
    {
        if (request.IsEnded) return;
        if (_late == LateMax)
        {
            End(request, FetchOutcome.Timeout);
            return;
        }

        _late++;
        Open--;
        request.IsLate = true;
        Tell(request, FetchOutcome.Timeout, null, 0, request.Timeout, late: false);
    }

    private void Complete(Request request, Answer answer)
    {
        if (request.IsEnded) return;
        int more = (answer.Block?.Size ?? 0) - (int)request.Reserved;
        if (more <= 0)
        {
            Verify(request, answer);
            return;
        }

        request.StopWaiting = world.Budget.Take(more, request.Item.Urgent, request.Item.Priority, GrowWaitMax, taken =>
        {
            if (taken) Account(request, more);
            if (request.IsEnded) GiveBack(request);
            else if (taken) Verify(request, answer);
            else End(request, FetchOutcome.OurFault);
        });
    }

    /// <summary>The answer is complete: the connection is done with it, the verifier looks at it.</summary>
    private void Verify(Request request, Answer answer)
    {
        if (answer.Block is not { } block)
        {
            End(request, answer.Outcome);
            return;
        }

        Finish(request);
        TimeSpan elapsed = world.Agenda.Now - request.SentAt;
        world.Agenda.After(VerifyTime, () =>
        {
            world.BytesFetched += block.Size;
            long surplus = request.Reserved - block.Size;
            Account(request, -surplus);
            world.Budget.Return(surplus, request.Item.Urgent);
            if (world.Quarantine.Hold(request.Range.ChainId, block, request.Item.Urgent)) Account(request, -request.Reserved);
            else GiveBack(request);
            if (block.Hash != world.Plan.Chain(request.Range.ChainId).Hash(block.Number)) record.Lies.Add(block.Id);
            else record.Blocks++;
            Tell(request, FetchOutcome.Good, block, block.Size, elapsed, request.IsLate);
        });
    }

    private void End(Request request, FetchOutcome outcome)
    {
        if (request.IsEnded) return;
        Finish(request);
        request.StopWaiting?.Invoke();
        GiveBack(request);
        if (request.IsLate && outcome != FetchOutcome.Malformed) return;
        Tell(request, outcome, null, 0, request.SentAt > TimeSpan.Zero ? world.Agenda.Now - request.SentAt : TimeSpan.Zero, request.IsLate);
    }

    private void Finish(Request request)
    {
        request.IsEnded = true;
        _requests.Remove(request);
        if (request.IsLate) _late--;
        else Open--;
    }

    private void Tell(Request request, FetchOutcome outcome, BlockRecord? block, int bytes, TimeSpan elapsed, bool late)
    {
        world.Checks.OnOutcome(peer, outcome);
        record.Ended[outcome] = record.Ended.GetValueOrDefault(outcome) + 1;
        world.Trace.Add(world.Agenda.Now, outcome.ToString(), peer.Key.Value, request.Item.Number, request.Item.RequestId);
        world.Reports.Post(request.Range, new FetchReply(request.Item.RequestId, peer.Key, request.Item.Number, outcome, block));
        world.Reports.Post(peer.Key, new PeerEnd(outcome, bytes, elapsed, request.FirstByte, late));
    }

    private void Account(Request request, long bytes)
    {
        request.Reserved += bytes;
        world.BytesReading += bytes;
    }

    private void GiveBack(Request request)
    {
        long bytes = request.Reserved;
        if (bytes == 0) return;
        Account(request, -bytes);
        world.Budget.Return(bytes, request.Item.Urgent);
    }

    private TimeSpan Way() => record.Plan.Latency * (1 + (record.Plan.Jitter * record.Random.NextDouble()));

    private readonly record struct Answer(FetchOutcome Outcome, BlockRecord? Block);

    private sealed class Request(RangeKey range, AskItem item, TimeSpan timeout)
    {
        public RangeKey Range => range;

        public AskItem Item => item;

        public long Reserved { get; set; }

        public TimeSpan SentAt { get; set; }

        public bool IsEnded { get; set; }

        public TimeSpan Timeout => timeout;

        public bool IsLate { get; set; }

        public TimeSpan FirstByte { get; set; }

        public Action? StopWaiting { get; set; }
    }
}

/// <summary>How a request ended, as its peer is told.</summary>
public readonly record struct PeerEnd(FetchOutcome Outcome, int Bytes, TimeSpan Elapsed, TimeSpan FirstByte, bool IsLate);
