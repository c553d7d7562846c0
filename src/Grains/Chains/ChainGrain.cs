using System.Data.Common;
using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.State;
using OpSync.Grains.Ranges;
using OpSync.Grains.State;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Orleans.Storage;

namespace OpSync.Grains.Chains;

/// <summary>Anchors, open ranges and peers of one chain: decides which range fetches which heights, and keeps every unfinished
/// range awake.</summary>
internal sealed class ChainGrain(
    [PersistentState("chain", GrainStorageNames.OpSync)] IPersistentState<StateBlob> state,
    IBlockStores stores,
    TimeProvider time,
    ILogger<ChainGrain> log) : Grain, IChainGrain, IRemindable
{
    /// <summary>Ranges that have not ended, in one chain. One more is refused with a text that says so.</summary>
    private const int OpenRangesMax = 256;

    /// <summary>Peers a chain remembers; the one heard of longest ago is forgotten first.</summary>
    private const int PeersMax = 1_024;

    /// <summary>Peers out of use that a range is told of by name.</summary>
    private const int TroubleNamed = 8;

    /// <summary>Silos that are remembered; the one that joined longest ago is forgotten first.</summary>
    private const int SilosMax = 256;

    /// <summary>Ranges that ended and are still listed.</summary>
    private const int EndedMax = 256;

    /// <summary>Ranges hear of the world this often even if nothing changed, and are asked where they stand: any message to the
    /// chain may be lost.</summary>
    private static readonly TimeSpan ReviewPeriod = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReminderPeriod = TimeSpan.FromMinutes(1);
    /// <summary>Characters of a peer id in base58; those of op-node have 53.</summary>
    private const int PeerIdLengthMax = 128;

    /// <summary>Messages of one epoch, as a power of two.</summary>
    private const int SequenceBits = 32;

    /// <summary>Milliseconds by which the numbers of two notices differ at most if one overtook the other.</summary>
    private const long OvertakenMax = 30_000;

    private const string ReminderName = "unfinished-ranges";

    private readonly Dictionary<string, PeerOfferInfo> _usable = [];
    private readonly SortedDictionary<string, string> _trouble = new(StringComparer.Ordinal);   // peer id -> why it is not usable
    private readonly HashSet<string> _unheard = [];
    private readonly Epoch _epoch = new(time);
    private readonly Dictionary<string, (long Generation, long Sequence)> _heard = [];
    private readonly Dictionary<string, long> _noticed = [];
    private readonly IntervalBook _book = new();
    private AnchorBook _anchors = new();
    private ChainDocument _document = new();
    private long _sequence;
    private bool _reviewing;
    private bool _reminded = true;   // until it was looked up, there may be one from before
    private ChainDocument.AnchorEntry? _raising;
    private Task _raised = Task.CompletedTask;
    private bool _raiseAgain;

    private ulong ChainId => ChainGrainKey.Parse(this);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _document = state.Read(ChainDocument.CurrentVersion, StateJson.Default.ChainDocument) ?? new ChainDocument();

        _anchors = new AnchorBook(_document.Anchors.Select(a => new Anchor(a.Number, Hash32.Parse(a.Hash), a.Rank)));

        // Who was known before may sleep, and only a request wakes a peer: its notice then says what it is good for.
        _unheard.UnionWith(_document.Peers);
        foreach (ChainDocument.OpenRange range in _document.Ranges)
        {
            _book.TryAdd(range.Id, range.Target.ToTarget(), range.Priority, out _);
            if (range.Paused) _book.Pause(range.Id, true);
        }

        this.RegisterGrainTimer(ReviewAsync, new GrainTimerCreationOptions { DueTime = ReviewPeriod, Period = ReviewPeriod, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task<RangePosted> PostRange(RangePost post)
    {
        if (stores.Find(ChainId) is null) return Refuse($"Chain {ChainId} is not followed here; add it to the configuration.");
        if (Check(post) is { } refusal) return Refuse(refusal);
        if (Choose(post) is not { } anchor) return Refuse("No anchor of the chain lies at or above the last height, up to 8,192 blocks away: give one with the range.");

        if (_anchors.At(anchor.Number) is { } own && own.Hash != anchor.Hash && own.Rank >= anchor.Rank)
        {
            return Refuse($"The chain's own anchor at height {anchor.Number} is {own.Hash}, of equal or higher rank than the one given.");
        }

        if (CheckTarget(post, anchor) is { } problem) return Refuse(problem);
        RangeTarget target = new(new BlockRange(post.First, post.Last), anchor, post.LowerLink);
        if (_document.Ranges.Find(r => IsSame(r.Target, target, post.Deadline)) is { } same)
        {
            await AdjustAsync(same, post);
            return new RangePosted(same.Id, true, null);
        }

        if (_document.Ranges.Count >= OpenRangesMax) return Refuse($"{OpenRangesMax} ranges of this chain are open already; cancel one or wait.");

        ChainDocument.OpenRange range = new()
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
            Priority = post.Priority,
            Target = RangeDocument.From(ToOrder(target, post.PreferredPeer, post.Deadline, Context([], post.Priority, null))),
        };

        // The chain remembers first: a range that was answered for is never lost, whatever crashes next.
        _document.Ranges.Add(range);
        try
        {
            await WriteAsync();
        }
        catch
        {
            // Its caller is told that it failed: it must not run all the same.
            _document.Ranges.Remove(range);
            throw;
        }

        _reminded = true;
        await this.RegisterOrUpdateReminder(ReminderName, ReminderPeriod, ReminderPeriod);
        _book.TryAdd(range.Id, target, range.Priority, out _);
        await StartAsync(range);
        await TellRangesAsync();
        return new RangePosted(range.Id, false, null);

        static RangePosted Refuse(string reason) => new(null, false, reason);
    }

    public async Task<AnchorPosted> PostAnchor(AnchorInfo anchor)
    {
        Anchor value = new(anchor.Block.Number, anchor.Block.Hash, (TrustRank)anchor.Rank);
        if (!value.IsChainRank || !Enum.IsDefined(value.Rank)) return new AnchorPosted(false, null);
        AnchorVerdict verdict = _anchors.Add(value, "administrator", out Contradiction? contradiction);
        if (contradiction is { } found) Log.Contradiction(log, "-", found.Number, found.Expected, found.Source, found.Found);
        if (verdict is AnchorVerdict.Contradicted or AnchorVerdict.Full) return new AnchorPosted(false, contradiction?.Expected);

        List<ChainDocument.AnchorEntry> before = _document.Anchors;
        _document.Anchors = [.. _anchors.Anchors.Select(a => before.Find(b => b.Is(a)) ?? new ChainDocument.AnchorEntry { Number = a.Number, Hash = a.Hash.ToString(), Rank = a.Rank })];
        await WriteAsync();
        await RaiseAsync();
        return new AnchorPosted(true, null);
    }

    public async Task<bool> PauseRange(string rangeId, bool on)
    {
        if (_document.Ranges.Find(r => r.Id == rangeId) is not { } range) return false;
        await TakeCommandAsync();
        range.Paused = on;
        await WriteAsync();
        _book.Pause(rangeId, on);
        await GrainFactory.GetRange(ChainId, rangeId).Pause(on);
        await TellRangesAsync();
        return true;
    }

    public async Task<bool> CancelRange(string rangeId)
    {
        if (_document.Ranges.Find(r => r.Id == rangeId) is null) return false;
        await TakeCommandAsync();
        await GrainFactory.GetRange(ChainId, rangeId).Cancel();
        await CloseAsync(rangeId);
        return true;
    }

    public async Task<SiloList> JoinSilo(string peerId)
    {
        if (!_document.Silos.Contains(peerId))
        {
            if (_document.Silos.Count == SilosMax) _document.Silos.RemoveAt(0);
            _document.Silos.Add(peerId);
            await WriteAsync();
        }

        return new SiloList([.. _document.Silos]);
    }

    public Task Poke() => ReviewAsync();

    public Task ReceiveReminder(string reminderName, TickStatus status) => ReviewAsync();

    public Task<ChainReport> GetReport() => Task.FromResult(new ChainReport(
        ChainId,
        [.. _anchors.Anchors.OrderByDescending(a => a.Number).Select(a => new AnchorInfo(new BlockId(a.Number, a.Hash), (byte)a.Rank))],
        [.. _document.Ranges.Select(r => r.Id)],
        [.. _document.Peers],
        [.. _usable.Keys.Order(StringComparer.Ordinal)],
        [.. _document.BannedPeers],
        [.. _document.Ended],
        [.. _document.Silos]));

    public async Task<bool> ForgetPeer(string peerId)
    {
        if (!_document.Peers.Remove(peerId)) return false;
        _document.BannedPeers.Remove(peerId);
        _noticed.Remove(peerId);
        bool changed = _usable.Remove(peerId) | _unheard.Remove(peerId) | _trouble.Remove(peerId);
        await WriteAsync();
        if (changed) await TellRangesAsync();
        return true;
    }

    public async Task RangeMoved(RangeMove move)
    {
        if (_heard.TryGetValue(move.RangeId, out (long Generation, long Sequence) last)
            && (move.Generation, move.Sequence).CompareTo(last) <= 0)
        {
            return;
        }

        if (_document.Ranges.Find(r => r.Id == move.RangeId) is null) return;
        _heard[move.RangeId] = (move.Generation, move.Sequence);
        if (move.State.HasEnded()) await CloseAsync(move.RangeId);
    }

    public async Task PeerChanged(PeerNotice notice)
    {
        // One that was overtaken by a later one says what is not true any more. Far behind is only who had its clock set back.
        if (_noticed.GetValueOrDefault(notice.PeerId) is var last && notice.Sequence != 0 && notice.Sequence < last && last - notice.Sequence < OvertakenMax) return;
        _noticed[notice.PeerId] = notice.Sequence;
        bool known = _document.Peers.Remove(notice.PeerId);
        if (_document.Peers.Count >= PeersMax)
        {
            _usable.Remove(_document.Peers[0]);
            _unheard.Remove(_document.Peers[0]);
            _trouble.Remove(_document.Peers[0]);
            _noticed.Remove(_document.Peers[0]);
            _document.BannedPeers.Remove(_document.Peers[0]);
            _document.Peers.RemoveAt(0);
        }

        _document.Peers.Add(notice.PeerId);
        bool wasBanned = _document.BannedPeers.Remove(notice.PeerId);
        if (notice.BannedUntil is not null) _document.BannedPeers.Add(notice.PeerId);
        if (!known || wasBanned != notice.BannedUntil is not null) await WriteAsync();

        PeerOfferInfo offer = new(notice.PeerId, notice.InFlightMax, notice.Headers);
        bool changed = _unheard.Remove(notice.PeerId);
        if (!notice.Usable) changed |= _usable.Remove(notice.PeerId);
        else if (!_usable.TryGetValue(notice.PeerId, out PeerOfferInfo before) || before != offer) changed = true;
        if (notice.Usable) _usable[notice.PeerId] = offer;
        changed |= _trouble.GetValueOrDefault(notice.PeerId, "") != notice.Problem;
        if (notice.Problem.Length > 0) _trouble[notice.PeerId] = notice.Problem;
        else _trouble.Remove(notice.PeerId);
        if (changed) await TellRangesAsync();
    }

    /// <summary>Asks every open range where it stands, starts those that never started, and closes those that ended unheard.</summary>
    private async Task ReviewAsync()
    {
        if (_reviewing) return;
        _reviewing = true;
        try
        {
            await TakeCommandAsync();
            Dictionary<string, RangeReport> reports = [];
            foreach (ChainDocument.OpenRange range in _document.Ranges.ToArray())
            {
                try
                {
                    reports[range.Id] = await ReviewAsync(range);
                }
                catch (Exception e) when (e is TimeoutException or OrleansException or IOException or DbException or InvalidOperationException)
                {
                    // The others must not suffer for one that cannot run.
                    Log.CallFailed(log, "range", e);
                }
            }

            if (LetPass(reports)) await TellRangesAsync();
            await RaiseAsync();
            if (_document.Ranges.Count > 0 || !_reminded) return;
            if (await this.GetReminder(ReminderName) is { } reminder) await this.UnregisterReminder(reminder);
            _reminded = false;
        }
        finally
        {
            _reviewing = false;
        }
    }

    /// <summary>A range that stands still above the anchor of one that waits for it lets that one pass: it can go on by itself.</summary>
    private bool LetPass(Dictionary<string, RangeReport> reports)
    {
        bool changed = false;
        foreach (ChainDocument.OpenRange range in _document.Ranges)
        {
            if (reports.GetValueOrDefault(range.Id)?.StallCode != nameof(StallReason.WaitingForOtherRange) || _book.Find(range.Id) is not { } part) continue;
            foreach (string owner in part.Subscribed.Select(s => s.Owner).Distinct())
            {
                if (reports.TryGetValue(owner, out RangeReport? other) && other.Cursor > range.Target.AnchorNumber
                    && other.StallCode is (nameof(StallReason.NobodyHasHeight) or nameof(StallReason.HashMismatch)))
                {
                    changed |= _book.Defer(owner).Count > 0;
                }
            }
        }

        return changed;
    }

    private async Task<RangeReport> ReviewAsync(ChainDocument.OpenRange range)
    {
        RangeReport report = await GrainFactory.GetRange(ChainId, range.Id).Poke(ContextOf(range));
        if (report.State == RangeState.Unknown) await StartAsync(range);
        else if (report.State.HasEnded()) await CloseAsync(range.Id);
        else await ShareAsync(range.Id, ended: false);
        return report;
    }

    /// <summary>Gives stored blocks below an anchor its rank, one anchor at a time. The walk is not waited for: over a long chain it
    /// takes longer than a call may. What was not walked to its end is walked again after a restart.</summary>
    private async Task RaiseAsync()
    {
        if (!_raised.IsCompleted || stores.Find(ChainId) is not { } store) return;
        if (_raising is { } walked)
        {
            _raising = null;
            if (_raised.IsFaulted) Log.CallFailed(log, "store", _raised.Exception);
            walked.Raised = _raised.IsCompletedSuccessfully && !_raiseAgain;
            if (walked.Raised) await WriteAsync();
        }

        _raiseAgain = false;
        _raising = _document.Anchors.Find(a => !a.Raised);
        if (_raising is { } next) _raised = store.RaiseRankAsync(new Anchor(next.Number, Hash32.Parse(next.Hash), next.Rank), 0, CancellationToken.None).AsTask();
    }

    private static string? Check(RangePost post)
    {
        if (post.First > post.Last) return $"The first height {post.First} is above the last {post.Last}.";
        if (post.Anchor is not { } anchor) return null;
        if (anchor.Number < post.Last) return $"The anchor's height {anchor.Number} is below the last height {post.Last}.";
        return anchor.Number - post.Last > RangeTarget.AnchorDistanceMax
            ? $"The anchor's height {anchor.Number} is more than {RangeTarget.AnchorDistanceMax} above the last height {post.Last}."
            : null;
    }

    /// <summary>What is left of the rules of <see cref="RangeTarget.Validate"/>: a range that breaks one must never be written down.</summary>
    private static string? CheckTarget(RangePost post, Anchor anchor)
    {
        if (anchor.Rank == TrustRank.None || !Enum.IsDefined(anchor.Rank)) return $"There is no rank {(byte)anchor.Rank} that an anchor could have.";
        if (anchor.Number - post.First >= 1UL << 62) return "The range is too long.";
        if (post.PreferredPeer is { Length: > PeerIdLengthMax }) return "The preferred peer is no peer id.";
        return post.LowerLink is { } link && (post.First == 0 || link.Number != post.First - 1)
            ? $"The lower link's height {link.Number} is not directly below the first height {post.First}."
            : null;
    }

    /// <summary>A block that the chain itself vouches for has the chain's rank, whoever names it.</summary>
    private Anchor? Choose(RangePost post)
    {
        if (post.Anchor is not { } given) return _anchors.Covering(new BlockRange(post.First, post.Last));
        Anchor named = new(given.Number, given.Hash, (TrustRank)post.AnchorRank);
        return Enum.IsDefined(named.Rank) && _anchors.At(given.Number) is { } own && own.Hash == given.Hash && own.Rank > named.Rank ? own : named;
    }

    /// <summary>True if an open range does all that is asked. One of the chain's ranks does it for a caller too, since it shows more.
    /// The deadline counts: it must not end what another wants for longer.</summary>
    private static bool IsSame(RangeDocument open, RangeTarget target, DateTimeOffset? deadline)
    {
        RangeTarget its = open.ToTarget();
        bool isEnough = its.Anchor.Rank == target.Anchor.Rank || (its.Anchor.IsChainRank && !target.Anchor.IsChainRank);
        return isEnough && open.Deadline == deadline && (its with { Anchor = target.Anchor, PreferredPeer = null }) == target
            && (its.Anchor.Number, its.Anchor.Hash) == (target.Anchor.Number, target.Anchor.Hash);
    }

    /// <summary>Posted again, a range takes the priority and the peer of its latest post, as far as that names them.</summary>
    private async Task AdjustAsync(ChainDocument.OpenRange range, RangePost post)
    {
        int priority = post.AnyPriority ? range.Priority : post.Priority;
        string? preferred = post.PreferredPeer ?? range.Target.PreferredPeer;
        if ((priority, preferred) == (range.Priority, range.Target.PreferredPeer)) return;
        await TakeCommandAsync();
        (range.Priority, range.Target.PreferredPeer) = (priority, preferred);
        await WriteAsync();
        _book.SetPriority(range.Id, priority);
        await TellRangesAsync();
    }

    private Task StartAsync(ChainDocument.OpenRange range) =>
        GrainFactory.GetRange(ChainId, range.Id).Start(
            ToOrder(range.Target.ToTarget(), range.Target.PreferredPeer, range.Target.Deadline, ContextOf(range)));

    /// <summary>What one range stored, others may be waiting for.</summary>
    private async Task ShareAsync(string owner, bool ended)
    {
        foreach (ChainDocument.OpenRange range in _document.Ranges.ToArray())
        {
            if (_book.Find(range.Id) is not { } part || !part.Subscribed.Any(s => s.Owner == owner)) continue;
            await GrainFactory.GetRange(ChainId, range.Id).OthersStored(ended);
        }
    }

    private async Task CloseAsync(string rangeId)
    {
        await ShareAsync(rangeId, ended: true);
        _book.Remove(rangeId);
        _heard.Remove(rangeId);
        if (_document.Ranges.Find(r => r.Id == rangeId) is not { } range) return;
        _document.Ranges.Remove(range);
        _document.Ended.Add(rangeId);
        if (_document.Ended.Count > EndedMax) _document.Ended.RemoveAt(0);

        // What it stored on a caller's word, an anchor of the chain may confirm.
        _raiseAgain = true;
        foreach (ChainDocument.AnchorEntry anchor in _document.Anchors)
        {
            if (anchor.Number >= range.Target.First && anchor.Number <= range.Target.AnchorNumber) anchor.Raised = false;
        }

        await WriteAsync();
        await TellRangesAsync();
    }

    /// <summary>Makes sure that no later activation has taken over, by writing, before this one commands ranges.</summary>
    /// <exception cref="InconsistentStateException">Another activation has taken over: this one ends.</exception>
    private async Task TakeCommandAsync()
    {
        _epoch.Awake();
        if (!_epoch.IsHeld && _document.Ranges.Count > 0) await WriteAsync();
    }

    private async Task TellRangesAsync()
    {
        await TakeCommandAsync();
        foreach (ChainDocument.OpenRange range in _document.Ranges.ToArray())
        {
            await GrainFactory.GetRange(ChainId, range.Id).SetContext(ContextOf(range));
        }
    }

    private RangeContext ContextOf(ChainDocument.OpenRange range) =>
        Context(_book.Find(range.Id)?.Withheld ?? [], _book.Find(range.Id)?.Priority ?? 0, range.Target.PreferredPeer);

    private RangeContext Context(IReadOnlyList<BlockRange> withheld, int priority, string? preferredPeer) => new(
        ++_sequence,
        [.. _usable.Values.Concat(_unheard.Select(id => new PeerOfferInfo(id, 1))).OrderBy(o => o.PeerId, StringComparer.Ordinal)],
        [.. withheld.Select(w => new SpanInfo(w.First, w.Last))],
        priority,
        string.Join("; ", _trouble.Take(TroubleNamed).Select(t => $"{t.Key} {t.Value}"))
            + (_trouble.Count > TroubleNamed ? $"; and {_trouble.Count - TroubleNamed} more" : ""),
        [.. _document.Peers.Where(id => !_usable.ContainsKey(id) && !_unheard.Contains(id) && !_document.BannedPeers.Contains(id))],
        preferredPeer);

    private static RangeOrder ToOrder(RangeTarget target, string? preferredPeer, DateTimeOffset? deadline, RangeContext context) => new(
        target.Range.First,
        target.Range.Last,
        new BlockId(target.Anchor.Number, target.Anchor.Hash),
        (byte)target.Anchor.Rank,
        target.LowerLink,
        context,
        preferredPeer,
        deadline);

    /// <exception cref="InconsistentStateException">Another activation has taken over: this one ends.</exception>
    private async Task WriteAsync()
    {
        bool raises = !_epoch.IsHeld;
        if (raises) _document.Epoch++;
        try
        {
            await state.Write(ChainDocument.CurrentVersion, _document, StateJson.Default.ChainDocument);
        }
        catch (InconsistentStateException)
        {
            DeactivateOnIdle();
            throw;
        }

        _epoch.Written(_document.Epoch);

        // Above those of any former activation, whose messages may still be under way.
        if (raises) _sequence = _document.Epoch << SequenceBits;
    }
}
