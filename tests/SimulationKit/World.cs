using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>The production decisions among simulated peers, network, clock and disk. One seed decides the whole run.</summary>
public sealed class World
{
    private readonly Random _random;
    private readonly List<PeerRecord> _records;
    private readonly Dictionary<PeerKey, PeerRecord> _recordOf;
    private readonly Dictionary<ulong, ChainDocument> _documents;
    private readonly Dictionary<PeerKey, PeerShell> _peers = [];
    private List<ChainShell> _chains = [];

    public World(WorldPlan plan, bool keepsCursorWaits = false, int eventsKept = Trace.Usual)
    {
        Plan = plan;
        Trace = new Trace(eventsKept);
        _random = new Random(plan.Seed);
        _records = [.. plan.Peers.Select(p => new PeerRecord(p, new Random(_random.Next())))];
        _recordOf = _records.ToDictionary(r => new PeerKey(r.Plan.Name));
        _documents = plan.Chains.ToDictionary(c => c.Id, _ => new ChainDocument());
        HasFalseAnchor = plan.Ranges.Any(r => r.Fork != 0);
        Store = new SimStore(this);
        Checks = new Checks(this) { KeepsCursorWaits = keepsCursorWaits };
        Budget = null!;
        Shares = null!;
        Quarantine = null!;
        Reports = null!;
        Boot();
        foreach (PeerRecord record in _records.Where(r => r.Plan.Up > TimeSpan.Zero)) Flap(record);
        foreach (RangePlan range in plan.Ranges) Agenda.AfterAnyway(range.PostAt, () => Chain(range.Chain).Post(range));
        foreach (Disturbance disturbance in plan.Disturbances) Agenda.AfterAnyway(disturbance.At, () => Disturb(disturbance));
    }

    public WorldPlan Plan { get; }

    public Agenda Agenda { get; } = new();

    public Trace Trace { get; }

    public SimStore Store { get; }

    public Checks Checks { get; }

    public SimBudget Budget { get; private set; }

    public Quarantine Quarantine { get; private set; }

    /// <summary>Divides the budget among the ranges.</summary>
    public WindowShares Shares { get; private set; }

    public Reports Reports { get; private set; }

    /// <summary>Every range ever posted.</summary>
    public List<RangeDocument> Documents { get; } = [];

    public IReadOnlyList<ChainShell> Chains => _chains;

    public IReadOnlyList<PeerRecord> Records => _records;

    /// <summary>Bytes accounted by requests.</summary>
    public long BytesReading { get; set; }

    /// <summary>Payload bytes received.</summary>
    public long BytesFetched { get; set; }

    /// <summary>The most bytes accounted at once, over all lives.</summary>
    public long BytesPeak { get; private set; }

    /// <summary>True while the budget granted bytes that the one who waited for them has not heard of.</summary>
    public bool IsGranting => Budget.Ungranted > 0;

    /// <summary>Some range has an anchor that is not of the chain, whose charges therefore hit the honest.</summary>
    public bool HasFalseAnchor { get; }

    public PeerShell Peer(PeerKey key) => _peers[key];

    public PeerRecord Record(PeerKey key) => _recordOf[key];

    public ChainShell Chain(ulong id) => _chains.First(c => c.Chain.Id == id);

    public RangeShell? Find(RangeKey range) => Chain(range.ChainId).Find(range.RangeId);

    /// <summary>True once every range was posted and has ended.</summary>
    public bool IsDone => Documents.Count == Plan.Ranges.Count && Documents.TrueForAll(d => d.Result != RangeResult.None);

    public bool Roll(double share) => share > 0 && _random.NextDouble() < share;

    public TimeSpan CallTime() => TimeSpan.FromMicroseconds(100 + _random.Next(400));

    /// <summary>Runs until all ranges have ended, or until a time.</summary>
    /// <param name="until">Since the start; null for the limit of the plan.</param>
    /// <exception cref="SimulationException">A rule was broken.</exception>
    public void Run(TimeSpan? until = null)
    {
        TimeSpan limit = TimeSpan.FromSeconds(1) + (until ?? Plan.Limit);
        while (!IsDone && Agenda.TryStep(limit)) Checks.OnEvent();
        if (Budget.Peak > BytesPeak) BytesPeak = Budget.Peak;
    }

    /// <summary>Runs on for a while, whatever has ended.</summary>
    public void RunOn(TimeSpan time)
    {
        TimeSpan limit = Agenda.Now + time;
        while (Agenda.TryStep(limit)) Checks.OnEvent();
        if (Budget.Peak > BytesPeak) BytesPeak = Budget.Peak;
    }

    /// <summary>A one-way message: sometimes lost, late or twice.</summary>
    public void Send(Action act)
    {
        if (!Roll(Plan.Loss))
        {
            Agenda.After(CallTime(), act);
            return;
        }

        int fate = _random.Next(4);
        if (fate == 0) return;
        TimeSpan late = TimeSpan.FromMilliseconds(_random.Next(250, 750));
        Agenda.After(late, act);
        if (fate == 1) Agenda.After(CallTime(), act);
    }

    /// <summary>A call that may fail on its way there or back.</summary>
    /// <param name="act">Done by who is called.</param>
    /// <param name="failed">Told, if so, that no answer will come.</param>
    public void Call(Action act, Action? failed)
    {
        int fate = Roll(Plan.Loss) ? _random.Next(3) : 3;
        if (fate != 0) Agenda.After(fate == 1 ? TimeSpan.FromMilliseconds(_random.Next(500, 3_000)) : CallTime(), act);
        if (fate != 3) failed?.Invoke();
    }

    /// <summary>The answer to a call, which may be lost too.</summary>
    public void Answer(Action act, Action failed)
    {
        if (Roll(Plan.Loss / 2)) failed();
        else Agenda.After(CallTime(), act);
    }

    /// <summary>Outcomes for a range, whichever activation of it is there.</summary>
    public void Deliver(RangeKey range, IReadOnlyList<FetchReply> replies)
    {
        if (Find(range) is { } shell)
        {
            shell.Deliver(range.Generation, replies);
            return;
        }

        if (Documents.Find(d => d.Plan.Id == range.RangeId) is not { Result: not RangeResult.None }) return;
        foreach (FetchReply reply in replies)
        {
            if (reply.Block is { } block) Quarantine.Reject(range.ChainId, block.Id);
        }
    }

    /// <summary>Kills the process and starts it again: what was not written down is gone.</summary>
    public void Restart()
    {
        Trace.Add(Agenda.Now, "restart");
        if (Budget.Peak > BytesPeak) BytesPeak = Budget.Peak;
        Agenda.EndLife();
        Store.Forget();
        Boot();
    }

    private void Boot()
    {
        BytesReading = 0;
        Budget = new SimBudget(Plan.Budget, Agenda);
        Shares = new WindowShares(Plan.Budget - ByteBudget.Reserve, WindowShares.BlocksDefault);
        Quarantine = new Quarantine(this);
        Reports = new Reports(this);
        _chains = [.. Plan.Chains.Select(c => new ChainShell(this, c, _documents[c.Id]))];
        foreach (PeerRecord record in _records) _peers[new PeerKey(record.Plan.Name)] = new PeerShell(this, record);
        if (Agenda.Steps == 0) return;
        foreach (ChainShell chain in _chains) chain.Resume();
    }

    private void Flap(PeerRecord record) => Agenda.AfterAnyway(record.IsConnected ? record.Plan.Up : record.Plan.Down, () =>
    {
        SetConnected(record, !record.IsConnected);
        Flap(record);
    });

    private void SetConnected(PeerRecord record, bool connected)
    {
        record.IsConnected = connected;
        Peer(new PeerKey(record.Plan.Name)).LinkChanged();
    }

    private void Disturb(Disturbance disturbance)
    {
        Trace.Add(Agenda.Now, disturbance.Kind.ToString(), disturbance.Target);
        RangePlan? range = Plan.Ranges.FirstOrDefault(r => r.Id == disturbance.Target);
        switch (disturbance.Kind)
        {
            case DisturbanceKind.Restart:
                Restart();
                break;
            case DisturbanceKind.LoseRange:
                Chain(range!.Chain).Lose(range.Id);
                break;
            case DisturbanceKind.LoseQuarantine:
                Quarantine.Lose();
                break;
            case DisturbanceKind.StoreFails:
                Store.IsFull = true;
                break;
            case DisturbanceKind.StoreWorks:
                Store.IsFull = false;
                break;
            case DisturbanceKind.Pause:
            case DisturbanceKind.Resume:
                Chain(range!.Chain).Pause(range.Id, disturbance.Kind == DisturbanceKind.Pause);
                break;
            case DisturbanceKind.Cancel:
                Chain(range!.Chain).Cancel(range.Id);
                break;
            case DisturbanceKind.Disconnect:
            case DisturbanceKind.Reconnect:
                SetConnected(Record(new PeerKey(disturbance.Target)), disturbance.Kind == DisturbanceKind.Reconnect);
                break;
            default:
                throw new SimulationException($"There is no disturbance {disturbance.Kind}.");
        }
    }
}
