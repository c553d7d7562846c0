using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Stands for the grain of a peer: the production policy, and what is persisted of it.</summary>
public sealed class PeerShell
{
    private static readonly TimeSpan RetrySoon = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NoticePeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(1);

    private readonly World _world;
    private readonly PeerRecord _record;
    private readonly PeerPolicy _policy;
    private bool _dirty;
    private bool? _usableTold;
    private TimeSpan _toldAt = TimeSpan.MinValue;
    private TimeSpan _flushedAt;

    public PeerShell(World world, PeerRecord record)
    {
        _world = world;
        _record = record;
        Key = new PeerKey(record.Plan.Name);
        _policy = new PeerPolicy(
            world.Plan.PeerOptions with { Configured = record.Plan.Configured }, record.Persisted, world.Agenda.Wall, world.Agenda.Now);
        _policy.SetMayGrantMore(record.Plan.IsOpSync);
        Link = new LinkModel(world, this, record);
        Tick();
    }

    public PeerKey Key { get; }

    public PeerPlan Plan => _record.Plan;

    public LinkModel Link { get; }

    public PeerSnapshot Snapshot => _policy.Snapshot(_world.Agenda.Now, _world.Agenda.Wall);

    private bool IsUsable
    {
        get
        {
            PeerSnapshot snapshot = Snapshot;
            return _record.IsConnected && snapshot.BannedUntil is null && snapshot.RestingUntil is null;
        }
    }

    /// <summary>Takes what limits allow of an order.</summary>
    public (int Taken, TimeSpan RetryAfter, RefusalReason? Reason) Fetch(RangeKey range, IReadOnlyList<AskItem> items)
    {
        bool serves = Plan.Serves(range.ChainId);
        bool ready = _record.IsConnected && serves;
        Admission admission = _policy.Admit(ready ? items.Count : 0, _world.Agenda.Now, _world.Agenda.Wall, Link.Open, new PeerClaim($"{range.ChainId}/{range.RangeId}", items[0].Priority));
        if (!ready && admission.Reason != RefusalReason.Banned)
        {
            return _record.IsConnected ? (0, NoticePeriod, RefusalReason.Unsupported) : (0, RetrySoon, RefusalReason.NotConnected);
        }

        _record.Granted += admission.Granted;
        if (admission.Granted > 0) Link.Fetch(range, [.. items.Take(admission.Granted)], _policy.Timeout);
        _world.Checks.OnAdmitted(this);
        return (admission.Granted, admission.RetryAfter, admission.Reason);
    }

    /// <summary>Requests ended.</summary>
    public void Report(IReadOnlyList<PeerEnd> ends)
    {
        Standing worst = Standing.Same;
        foreach (PeerEnd end in ends)
        {
            Standing standing = _policy.Report(
                end.Outcome, end.Bytes, end.Elapsed, _world.Agenda.Now, _world.Agenda.Wall, end.FirstByte, end.IsLate);
            if (standing > worst) worst = standing;
        }

        _dirty = true;
        OnStanding(worst);
    }

    /// <summary>A range proved a lie.</summary>
    public void Charge(FetchOutcome outcome)
    {
        _record.Charges++;
        _dirty = true;
        OnStanding(_policy.Charge(outcome, _world.Agenda.Now, _world.Agenda.Wall));
    }

    /// <summary>The connection came or went.</summary>
    public void LinkChanged()
    {
        if (!_record.IsConnected) Link.Drop();
        Tell(force: false);
    }

    private void OnStanding(Standing standing)
    {
        _world.Checks.OnStanding(this);
        if (standing == Standing.Same) return;
        if (standing == Standing.Banned)
        {
            _world.Trace.Add(_world.Agenda.Now, "banned", Key.Value);
            Link.Drop();
            Flush();
        }

        Tell(force: false);
    }

    private void Tick()
    {
        Tell(force: _toldAt == TimeSpan.MinValue || _world.Agenda.Now - _toldAt >= NoticePeriod);
        if (_dirty && _world.Agenda.Now - _flushedAt >= FlushPeriod) Flush();
        _world.Agenda.After(TickPeriod, Tick);
    }

    private void Flush()
    {
        _dirty = false;
        _flushedAt = _world.Agenda.Now;
        _record.Persisted = _policy.Persist();
    }

    private void Tell(bool force)
    {
        bool usable = IsUsable;
        if (!force && _usableTold == usable) return;
        _usableTold = usable;
        _toldAt = _world.Agenda.Now;
        foreach (ChainShell chain in _world.Chains)
        {
            bool here = usable && Plan.Serves(chain.Chain.Id);
            _world.Send(() => chain.PeerChanged(this, here));
        }
    }
}
