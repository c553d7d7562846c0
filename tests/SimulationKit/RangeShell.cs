using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>What a range writes down.</summary>
public sealed class RangeDocument
{
    public required RangePlan Plan { get; init; }

    public required RangeTarget Target { get; init; }

    public long Generation { get; set; }

    public bool IsPaused { get; set; }

    public RangeResult Result { get; set; }

    public TimeSpan? EndedAt { get; set; }
}

/// <summary>Stands for the grain of a range: the production core, its calls and their failures.</summary>
public sealed class RangeShell
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RoomPeriod = TimeSpan.FromMilliseconds(200);
    private const int PromoteBatchMax = 64;

    private readonly World _world;
    private readonly RangeSync _core;
    private readonly Queue<RangeEvent> _events = new();
    private readonly SortedSet<PeerKey> _asked = [];
    private WindowShare _share;
    private bool _stepping;
    private bool _isGone;
    private TimeSpan _wakeAt;
    private TimeSpan _tickAt = TimeSpan.MaxValue;

    public RangeShell(World world, RangeDocument document)
    {
        _world = world;
        Document = document;
        document.Generation++;
        Key = new RangeKey(document.Plan.Chain, document.Plan.Id, document.Generation);
        RangeTarget target = document.Target;
        List<Island> islands = world.Store.Islands(Key.ChainId, new BlockRange(target.Range.First, target.Anchor.Number));
        _core = new RangeSync(target, world.Plan.RangeOptions, islands, unchecked((world.Plan.Seed * 31) + (int)document.Generation));
        if (document.IsPaused) Step(new RangeEvent.Pause(true));
        ClaimRoom();
    }

    public RangeDocument Document { get; }

    public RangeKey Key { get; }

    public RangeStatus Status => _core.GetStatus(_world.Agenda.Now);

    public RangeResult Result => _core.Result;

    /// <summary>Its own priority or that of the most urgent range that waits for it.</summary>
    public int Priority { get; set; }

    /// <summary>The activation is lost: nothing reaches the core any more.</summary>
    public void Lose() => _isGone = true;

    /// <summary>Outcomes for this generation or an earlier one, whose request ids mean nothing here.</summary>
    public void Deliver(long generation, IReadOnlyList<FetchReply> replies) => Step(new RangeEvent.Replied(generation == Key.Generation
        ? replies
        : [.. replies.Where(r => r.Outcome == FetchOutcome.Good).Select(r => r with { RequestId = 0 })]));

    public void OthersStored()
    {
        if (Status.Cursor is not { } cursor || _isGone) return;
        foreach (Island island in _world.Store.Islands(Key.ChainId, new BlockRange(Document.Target.Range.First, cursor)))
            Step(new RangeEvent.IslandStored(island));
    }

    public void Step(RangeEvent input)
    {
        _events.Enqueue(input);
        if (_stepping) return;
        _stepping = true;
        try
        {
            while (_events.TryDequeue(out RangeEvent? next)) StepOnce(next);
        }
        finally
        {
            _stepping = false;
        }
    }

    private void StepOnce(RangeEvent input)
    {
        if (_isGone) return;
        RangeCommands todo = _core.Step(input, _world.Agenda.Now);
        _wakeAt = todo.WakeAt;
        _world.Checks.OnStep(this, todo);
        foreach (BlockId[] batch in todo.Promote.Chunk(PromoteBatchMax)) Promote(batch);
        foreach (BlockId block in todo.Reject) _world.Call(() => _world.Quarantine.Reject(Key.ChainId, block), null);
        foreach (Charge charge in todo.Charge)
        {
            _world.Trace.Add(_world.Agenda.Now, "charge", charge.Peer.Value, charge.Sent.Number);
            _world.Call(() => _world.Peer(charge.Peer).Charge(charge.Outcome), null);
        }

        foreach (Cancellation needless in todo.Cancel)
        {
            ulong[] ids = [.. needless.RequestIds];
            _world.Call(() => _world.Peer(needless.Peer).Link.Cancel(Key, ids), null);
        }

        foreach (Ask ask in todo.Ask) AskPeer(ask.Peer, [.. ask.Items.Select(i => i with { Priority = Priority })]);
        if (todo.Finished != RangeResult.None) Finish(todo.Finished);
        else ArrangeTick();
    }

    private void AskPeer(PeerKey peer, AskItem[] items)
    {
        _asked.Add(peer);
        bool answered = false;
        _world.Call(
            () =>
            {
                (int taken, TimeSpan retryAfter, RefusalReason? reason) = _world.Peer(peer).Fetch(Key, items);
                _world.Answer(() => Refused(taken, retryAfter, reason ?? RefusalReason.RateLimited), GiveUp);
            },
            GiveUp);

        void GiveUp() => _world.Agenda.After(CallTimeout, () => Refused(0, CallTimeout, RefusalReason.Unreachable));

        void Refused(int taken, TimeSpan retryAfter, RefusalReason reason)
        {
            if (answered) return;
            answered = true;
            if (taken < items.Length) Step(new RangeEvent.Refused(peer, [.. items.Skip(taken).Select(i => i.RequestId)], retryAfter, reason));
        }
    }

    private void Promote(BlockId[] blocks)
    {
        List<PromoteReply> replies = [];
        List<StoreAck> stored = [];
        bool late = false;
        _world.Agenda.After(_world.CallTime(), () =>
        {
            foreach (BlockId block in blocks)
            {
                bool lost = _world.Roll(_world.Plan.Loss / 4);
                late |= lost;
                (PromoteAnswer answer, bool isStored) = lost ? (PromoteAnswer.Unknown, false) : _world.Quarantine.Promote(Key, block, Document.Target.Anchor.Rank);
                if (isStored) stored.Add(new StoreAck(block, null));
                else replies.Add(new PromoteReply(block, answer));
            }

            _world.Agenda.After(late ? CallTimeout : _world.CallTime(), () =>
            {
                if (replies.Count > 0) Step(new RangeEvent.PromoteAnswered(replies));
                if (stored.Count > 0) Step(new RangeEvent.Acknowledged(stored));
            });
        });
    }

    private void Finish(RangeResult result)
    {
        _world.Shares.Leave(Key);
        Document.Result = result;
        Document.EndedAt = _world.Agenda.Now;
        _world.Trace.Add(_world.Agenda.Now, "range ends", Key.RangeId, 0, result);
        foreach (PeerKey peer in _asked) _world.Call(() => _world.Peer(peer).Link.Cancel(Key), null);
        _world.Send(() => _world.Chain(Key.ChainId).RangeMoved(Key.RangeId));
    }

    /// <summary>Asks for a part of the silo's memory, now and again.</summary>
    private void ClaimRoom()
    {
        if (_isGone || _core.Result != RangeResult.None) return;
        WindowShare share = _world.Shares.Claimed(Key, Priority, _core.RoomWanted, _world.Agenda.Now);
        _world.Agenda.After(RoomPeriod, ClaimRoom);
        if (share == _share) return;
        _share = share;
        Step(new RangeEvent.Room(share));
    }

    private void ArrangeTick()
    {
        if (_wakeAt == TimeSpan.MaxValue) return;
        TimeSpan now = _world.Agenda.Now;
        long periods = Math.Max((_wakeAt.Ticks + TickPeriod.Ticks - 1) / TickPeriod.Ticks, (now.Ticks / TickPeriod.Ticks) + 1);
        TimeSpan at = TimeSpan.FromTicks(periods * TickPeriod.Ticks);
        if (at >= _tickAt) return;
        _tickAt = at;
        _world.Agenda.After(at - now, () =>
        {
            if (_tickAt != at) return;
            _tickAt = TimeSpan.MaxValue;
            if (_core.Result != RangeResult.None) return;
            if (_world.Agenda.Now >= _wakeAt) Step(new RangeEvent.Tick());
            else ArrangeTick();
        });
    }
}
