using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Sync.Tests.Ranges;

internal enum Manner
{
    Honest, Sparse, Silent, Absent, Garbage, Malformed, Fork, HalfFork, Flaky, Limited, Swamped, Refuser,
}

internal sealed record Member(PeerKey Key, Manner Manner, int InFlightMax, TimeSpan Delay);

/// <summary>One range core among simulated peers, a quarantine and a store, in virtual time from one seed.</summary>
internal sealed class Crowd
{
    public const ulong ForkNumber = 7;
    private readonly PriorityQueue<RangeEvent, (TimeSpan At, long Order)> _events = new();
    private readonly HashSet<BlockId> _quarantine = [];
    private readonly Random _random;
    private readonly RangeTarget _target;
    private readonly RangeSyncOptions _options;
    private readonly Dictionary<PeerKey, Member> _members;
    private readonly Dictionary<(PeerKey, ulong), int> _asked = [];
    private readonly List<string> _charges = [];
    private readonly double _loss;
    private readonly int _sizeMax;
    private TimeSpan _now = TimeSpan.FromSeconds(1);
    private long _order;

    public Crowd(int seed, RangeTarget target, RangeSyncOptions options, IReadOnlyList<Member> members,
        double loss = 0, int sizeMax = 2_000)
    {
        _random = new Random(seed);
        _target = target;
        _options = options;
        _members = members.ToDictionary(m => m.Key);
        _loss = loss;
        _sizeMax = sizeMax;
        Core = new RangeSync(target, options, [], seed);
    }

    public RangeSync Core { get; private set; }

    public SortedSet<ulong> Durable { get; } = [];

    public HashSet<PeerKey> Charged { get; } = [];

    public int ChargesOf(string peer) => _charges.Count(p => p == peer);

    public List<Island> Reported { get; } = [];

    public List<Contradiction> Contradictions { get; } = [];

    public TimeSpan Now => _now;

    public int Steps { get; private set; }

    public void Restart(int seed)
    {
        List<Island> islands = [];
        foreach (ulong number in Durable)
        {
            if (islands.Count > 0 && islands[^1].Range.Last + 1 == number)
                islands[^1] = TestChain.Island(islands[^1].Range.First, number);
            else
                islands.Add(TestChain.Island(number, number));
        }

        Core = new RangeSync(_target, _options, islands, seed);
        _events.Clear();
        _quarantine.Clear();
    }

    /// <summary>Runs until the range ends or so many steps were made.</summary>
    public RangeResult Run(int stepsMax = 1_000_000)
    {
        Post(TimeSpan.Zero, new RangeEvent.PeersChanged([.. _members.Values.Select(m => new PeerOffer(m.Key, m.InFlightMax))]));
        TimeSpan wake = TimeSpan.MaxValue;
        for (int i = 0; i < stepsMax && Core.Result == RangeResult.None; i++)
        {
            RangeEvent next = new RangeEvent.Tick();
            if (_events.TryPeek(out _, out (TimeSpan At, long) at) && at.At <= wake)
            {
                next = _events.Dequeue();
                _now = at.At > _now ? at.At : _now;
            }
            else
            {
                Assert.NotEqual(TimeSpan.MaxValue, wake);
                _now = wake > _now ? wake : _now;
            }

            wake = Carry(Core.Step(next, _now));
            Steps++;
            if (Steps % 8 == 0) CheckBounds();
        }

        return Core.Result;
    }

    /// <summary>Headers become known, from a height down, some time after the start.</summary>
    public void Know(TimeSpan at, ulong top, int count) =>
        Post(at, new RangeEvent.HashesKnown(top, [.. Enumerable.Range(0, count).Select(i => TestChain.Hash(top - (ulong)i))]));

    private void Post(TimeSpan delay, RangeEvent e)
    {
        if (_random.NextDouble() < _loss && e is not RangeEvent.PeersChanged) return;
        _events.Enqueue(e, (_now + delay, _order++));
        if (_random.NextDouble() < _loss) _events.Enqueue(e, (_now + delay * 3, _order++));
    }

    private TimeSpan Carry(RangeCommands todo)
    {
        List<PromoteReply> answers = [];
        List<StoreAck> acks = [];
        foreach (BlockId id in todo.Promote)
        {
            Assert.Equal(TestChain.Hash(id.Number), id.Hash);
            bool busy = _random.NextDouble() < _loss;
            bool there = _quarantine.Contains(id) || Durable.Contains(id.Number);
            answers.Add(new PromoteReply(id, !there ? PromoteAnswer.Missing : busy ? PromoteAnswer.Busy : PromoteAnswer.Queued));
            if (!there || busy) continue;
            _quarantine.Remove(id);
            Durable.Add(id.Number);
            acks.Add(new StoreAck(id, null));
        }

        if (answers.Count > 0) Post(TimeSpan.FromMilliseconds(1), new RangeEvent.PromoteAnswered(answers));
        if (acks.Count > 0) Post(TimeSpan.FromMilliseconds(5), new RangeEvent.Acknowledged(acks));
        foreach (BlockId id in todo.Reject) _quarantine.Remove(id);

        foreach (Charge charge in todo.Charge)
        {
            Assert.NotEqual(TestChain.Hash(charge.Sent.Number), charge.Sent.Hash);
            Assert.Equal(TestChain.Hash(charge.Sent.Number), charge.Trusted);
            Charged.Add(charge.Peer);
            _charges.Add(charge.Peer.Value);
        }

        foreach (Ask ask in todo.Ask) Answer(ask);
        Reported.AddRange(todo.Stored);
        Contradictions.AddRange(todo.Contradictions);
        return todo.WakeAt;
    }

    private void Answer(Ask ask)
    {
        Member member = _members[ask.Peer];
        Assert.InRange(ask.Items.Count, 1, _options.AskItemsMax);
        if (member.Manner == Manner.Refuser && _random.Next(3) > 0)
        {
            Post(TimeSpan.FromMilliseconds(2), new RangeEvent.Refused(
                ask.Peer, [.. ask.Items.Select(i => i.RequestId)], TimeSpan.FromMilliseconds(_random.Next(400)), RefusalReason.RateLimited));
            return;
        }

        foreach (AskItem item in ask.Items)
        {
            int tries = _asked[(ask.Peer, item.Number)] = _asked.GetValueOrDefault((ask.Peer, item.Number)) + 1;
            (FetchOutcome outcome, BlockRecord? block) = Decide(member, item.Number, tries);
            if (outcome == default) continue;
            TimeSpan delay = outcome == FetchOutcome.Timeout ? TimeSpan.FromSeconds(10) : member.Delay * (0.5 + _random.NextDouble());
            if (block is { } record) _quarantine.Add(record.Id);
            Post(delay, new RangeEvent.Replied([new FetchReply(item.RequestId, ask.Peer, item.Number, outcome, block)]));
        }
    }

    private (FetchOutcome, BlockRecord?) Decide(Member member, ulong number, int tries)
    {
        BlockRecord good = TestChain.Block(number, 0, _random.Next(1, _sizeMax));
        return member.Manner switch
        {
            Manner.Silent => default,
            Manner.Absent => (FetchOutcome.NotFound, null),
            Manner.Sparse when number % 3 != 0 => (FetchOutcome.NotFound, null),
            Manner.Malformed when number % 2 == 0 => (FetchOutcome.Malformed, null),
            Manner.Garbage => (FetchOutcome.Good, TestChain.Block(number, (ulong)_random.Next(100, 1_000_000), _sizeMax)),
            Manner.Fork => (FetchOutcome.Good, TestChain.Block(number, ForkNumber, _sizeMax)),
            Manner.HalfFork when number % 2 == 0 => (FetchOutcome.Good, TestChain.Block(number, ForkNumber, _sizeMax)),
            Manner.Flaky when tries < 2 => (_random.Next(2) == 0 ? FetchOutcome.Timeout : FetchOutcome.Failed, null),
            Manner.Limited when _random.Next(3) == 0 => (FetchOutcome.RateLimited, null),
            Manner.Swamped when _random.Next(20) == 0 => (FetchOutcome.OurFault, null),
            _ => (FetchOutcome.Good, good),
        };
    }

    private void CheckBounds()
    {
        RangeStatus status = Core.GetStatus(_now);
        Assert.InRange(status.InFlight, 0, _members.Values.Sum(m => m.InFlightMax + 1));
        Assert.InRange(status.Quarantined, 0, _options.WindowBlocksMax * Slot.CandidatesMax);
        Assert.InRange(status.QuarantinedBytes + status.InFlightBytes, 0, _options.WindowBytesMax + (2 * Math.Max(_sizeMax, _options.SizeExpectedFirst)));
        Assert.InRange(status.Missing.Count, 0, 16);
    }

    public static RangeTarget Target(ulong first, ulong last, ulong? anchor = null, TrustRank rank = TrustRank.Safe) =>
        new(new BlockRange(first, last), new Anchor(anchor ?? last, TestChain.Hash(anchor ?? last), rank));
}
