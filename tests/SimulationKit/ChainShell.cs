using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>What a chain writes down.</summary>
public sealed class ChainDocument
{
    public List<RangeDocument> Open { get; } = [];

    public List<Anchor> Anchors { get; set; } = [];
}

/// <summary>Stands for the grain of a chain: the production interval and anchor books, who is usable, which ranges run.</summary>
public sealed class ChainShell
{
    private static readonly TimeSpan ReviewPeriod = TimeSpan.FromSeconds(2);

    private readonly World _world;
    private readonly ChainDocument _document;
    private readonly SortedDictionary<PeerKey, PeerOffer> _usable = [];
    private readonly SortedSet<PeerKey> _known = [];
    private readonly IntervalBook _book = new();
    private readonly AnchorBook _anchors;
    private readonly Dictionary<string, RangeShell> _ranges = [];

    public ChainShell(World world, SimChain chain, ChainDocument document)
    {
        _world = world;
        _document = document;
        Chain = chain;
        _anchors = new AnchorBook(document.Anchors);
        foreach (RangeDocument range in document.Open)
        {
            _book.TryAdd(range.Plan.Id, range.Target, range.Plan.Priority, out _);
            if (range.IsPaused) _book.Pause(range.Plan.Id, true);
        }

        world.Agenda.After(ReviewPeriod, Review);
    }

    public SimChain Chain { get; }

    public IEnumerable<RangeShell> Ranges => _ranges.Values;

    public RangeShell? Find(string rangeId) => _ranges.GetValueOrDefault(rangeId);

    /// <summary>Takes up again what was open before the process started.</summary>
    public void Resume()
    {
        foreach (RangeDocument range in _document.Open.Where(r => r.Result == RangeResult.None)) Start(range);
    }

    public void Post(RangePlan plan)
    {
        Anchor anchor = new(plan.Top, Chain.Hash(plan.Top, plan.Fork), plan.Rank);
        if (anchor.IsChainRank)
        {
            _anchors.Add(anchor, "administrator", out _);
            _document.Anchors = [.. _anchors.Anchors];
        }

        RangeDocument range = new()
        {
            Plan = plan,
            Target = new RangeTarget(new BlockRange(plan.First, plan.Last), anchor, plan.LowerLink),
        };
        _document.Open.Add(range);
        _world.Documents.Add(range);
        if (!_book.TryAdd(plan.Id, range.Target, plan.Priority, out _)) throw new SimulationException($"The range {plan.Id} was not taken.");
        _world.Checks.OnBook(_book, _document.Open);
        Start(range);
        TellRanges();
    }

    public void Pause(string rangeId, bool on)
    {
        if (_document.Open.Find(r => r.Plan.Id == rangeId) is not { } range) return;
        range.IsPaused = on;
        _book.Pause(rangeId, on);
        _world.Checks.OnBook(_book, _document.Open);
        Find(rangeId)?.Step(new RangeEvent.Pause(on));
        TellRanges();
    }

    public void Cancel(string rangeId)
    {
        if (_document.Open.Find(r => r.Plan.Id == rangeId) is not { } range) return;
        if (Find(rangeId) is { } shell) shell.Step(new RangeEvent.Cancel());
        else range.Result = RangeResult.Cancelled;
        Close(rangeId);
    }

    /// <summary>The activation of a range is lost.</summary>
    public void Lose(string rangeId)
    {
        if (!_ranges.Remove(rangeId, out RangeShell? shell)) return;
        shell.Lose();
    }

    public void RangeMoved(string rangeId)
    {
        if (_document.Open.Find(r => r.Plan.Id == rangeId) is { Result: not RangeResult.None }) Close(rangeId);
    }

    public void PeerChanged(PeerShell peer, bool usable)
    {
        _known.Add(peer.Key);
        PeerOffer offer = new(peer.Key, _world.Plan.PeerOptions.InFlightMax, peer.Plan.Claims);
        bool changed = usable ? !_usable.TryGetValue(peer.Key, out PeerOffer before) || before != offer : _usable.Remove(peer.Key);
        if (usable) _usable[peer.Key] = offer;
        if (changed) TellRanges();
    }

    private void Review()
    {
        foreach (RangeDocument range in _document.Open.ToArray())
        {
            if (range.Result != RangeResult.None) Close(range.Plan.Id);
            else if (Find(range.Plan.Id) is null) Start(range);
            else Share(range.Plan.Id);
        }

        _world.Agenda.After(ReviewPeriod, Review);
    }

    private void Start(RangeDocument range)
    {
        RangeShell shell = new(_world, range);
        _ranges[range.Plan.Id] = shell;
        SetContext(shell);
        shell.Step(new RangeEvent.Tick());
    }

    private void Share(string owner)
    {
        foreach (RangeDocument range in _document.Open.ToArray())
        {
            if (_book.Find(range.Plan.Id) is not { } part || !part.Subscribed.Any(s => s.Owner == owner)) continue;
            Find(range.Plan.Id)?.OthersStored();
        }
    }

    private void Close(string rangeId)
    {
        Share(rangeId);
        _book.Remove(rangeId);
        if (_document.Open.RemoveAll(r => r.Plan.Id == rangeId) == 0) return;
        _world.Checks.OnBook(_book, _document.Open);
        TellRanges();
    }

    private void TellRanges()
    {
        foreach (RangeShell shell in _ranges.Values.ToArray())
        {
            if (shell.Result == RangeResult.None) SetContext(shell);
        }
    }

    private void SetContext(RangeShell shell)
    {
        shell.Priority = _book.Find(shell.Key.RangeId)?.Priority ?? 0;
        shell.Step(new RangeEvent.Withheld(_book.Find(shell.Key.RangeId)?.Withheld ?? []));
        shell.Step(new RangeEvent.PeersChanged(
            [.. _usable.Values], Awaited: [.. _known.Where(k => !_usable.ContainsKey(k) && _world.Peer(k).Snapshot.BannedUntil is null)]));
    }
}
