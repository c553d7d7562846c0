using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.Peers;
using OpSync.Contracts.State;
using OpSync.Grains.State;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using Orleans.Storage;

namespace OpSync.Grains.Peers;

/// <summary>Turn-based shell of <see cref="PeerPolicy"/>: who may ask this peer, how much, and what its answers did to its score.
/// Sockets are the silo's (<see cref="IPeerLinks"/>).</summary>
internal sealed class PeerGrain(
    [PersistentState("peer", GrainStorageNames.OpSync)] IPersistentState<StateBlob> state,
    IPeerLinks links,
    IBlockStores stores,
    IHeaderLinks headers,
    IOptions<PeerPolicyOptions> options,
    TimeProvider time,
    ILogger<PeerGrain> log) : Grain, IPeerGrain
{
    private const int AddressesMax = 8;
    private const int ChainsMax = 64;

    /// <summary>Characters of a problem as chains are told it.</summary>
    private const int TroubleMax = 160;

    /// <summary>Problem of the link of a peer that is kept out.</summary>
    private const string BannedProblem = "banned";

    /// <summary>A refused caller comes back after this long when the reason has no time of its own.</summary>
    private static readonly TimeSpan RetrySoon = TimeSpan.FromMilliseconds(500);

    /// <summary>Dirty scores are written this often (design section 6), and at once on a ban.</summary>
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(5);

    /// <summary>Chains hear of this peer this often even if nothing changed: a notice may be lost.</summary>
    private static readonly TimeSpan NoticePeriod = TimeSpan.FromSeconds(10);

    /// <summary>So often the cluster hears that a peer is not kept out any more, or was not when its grain woke: a notice may be lost.</summary>
    private const int ReadmittedNotices = 3;

    /// <summary>A banned peer's grain stays for its ban, or this long: longer than any ban, and what an operator blocked for longer
    /// stays out without it.</summary>
    private static readonly TimeSpan AwakeMax = TimeSpan.FromHours(25);

    private readonly long _start = time.GetTimestamp();
    private readonly Epoch _epoch = new(time);

    /// <summary>Number of the last notice to the chains, above those of any former activation, whose notices may still be under way.</summary>
    private long _notices = time.GetUtcNow().ToUnixTimeMilliseconds();

    private PeerDocument _document = new();
    private PeerPolicy _policy = null!;
    private readonly RecentWork _work = new();
    private LinkState _link = new(false, "not connected yet", false, [], "");
    private IGrainTimer? _timer;
    private (Guid Sender, long Sequence) _lastBatch;
    private bool _dirty;
    private bool _away;
    private bool _leaving;
    private int _readmittedNotices = ReadmittedNotices;
    private DateTimeOffset? _awayUntil;
    private ulong[]? _usableTold;
    private TimeSpan _toldAt;
    private TimeSpan _flushedAt;

    private PeerKey Key => new(this.GetPrimaryKeyString());

    private TimeSpan Now => time.GetElapsedTime(_start);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _document = state.Read(PeerDocument.CurrentVersion, StateJson.Default.PeerDocument) ?? new PeerDocument();
        _policy = new PeerPolicy(options.Value with { Configured = _document.Configured }, _document.Policy, time.GetUtcNow(), Now);
        StartTimer();
        return ConnectAsync();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _leaving = true;

        // One that is only idle has nothing open, and comes back to this link when the connection changes.
        if (reason.ReasonCode != DeactivationReasonCode.ActivationIdle) links.Release(Key, _epoch.Value);
        return _dirty ? FlushAsync() : Task.CompletedTask;
    }

    public async Task<PeerReport> Configure(PeerSetup setup)
    {
        foreach (string address in setup.Addresses)
        {
            if (_document.Addresses.Contains(address)) continue;
            if (_document.Addresses.Count == AddressesMax) _document.Addresses.RemoveAt(0);
            _document.Addresses.Add(address);
        }

        if (!_document.Chains.Contains(setup.ChainId) && _document.Chains.Count < ChainsMax) _document.Chains.Add(setup.ChainId);
        if (setup.Configured && !_document.Configured)
        {
            _document.Configured = true;
            _policy = new PeerPolicy(options.Value with { Configured = true }, _policy.Persist(), time.GetUtcNow(), Now);
            _policy.SetMayGrantMore(_link.MayGrantMore);
            StartTimer();
        }

        await FlushAsync();
        await ConnectAsync();
        TellChains(force: true);
        return MakeReport();
    }

    public async Task<FetchAnswer> Fetch(FetchOrder order)
    {
        if (!await CommandsAsync()) return Refuse(FetchRefusal.NotConnected, RetrySoon);
        bool ready = _link.Connected && Serves(order.Range.ChainId);
        PeerClaim claim = new($"{order.Range.ChainId}/{order.Range.RangeId}", order.Priority);
        Admission admission = _policy.Admit(ready ? order.Items.Length : 0, Now, time.GetUtcNow(), links.CountOpen(Key), claim);
        if (!ready && admission.Reason != RefusalReason.Banned)
        {
            return _link.Connected ? Refuse(FetchRefusal.Unsupported, NoticePeriod) : Refuse(FetchRefusal.NotConnected, RetrySoon);
        }

        if (admission.Granted > 0)
        {
            AskItem[] items = new AskItem[admission.Granted];
            for (int i = 0; i < items.Length; i++)
            {
                FetchItem item = order.Items[i];
                items[i] = new AskItem(item.RequestId, item.Number, item.Urgent, item.SizeExpected, order.Priority);
            }

            _work.Add(order.Range.ChainId, order.Range.RangeId, Now);
            links.Fetch(Key, new RangeKey(order.Range.ChainId, order.Range.RangeId, order.Range.Generation), items, _policy.Timeout, _epoch.Value);
        }

        return new FetchAnswer(
            admission.Granted, admission.RetryAfter, admission.Reason is { } reason ? (FetchRefusal)reason : FetchRefusal.None);
    }

    public async Task<FetchAnswer> FetchHeaders(HeaderOrder order)
    {
        if (!await CommandsAsync()) return Refuse(FetchRefusal.NotConnected, RetrySoon);

        // Headers take nothing from the budget of blocks: the server's own answer says when it is too much.
        PeerSnapshot snapshot = _policy.Snapshot(Now, time.GetUtcNow());
        FetchRefusal reason = snapshot.BannedUntil is not null ? FetchRefusal.Banned
            : !_link.Connected ? FetchRefusal.NotConnected
            : !GivesHeaders(order.Range.ChainId) ? FetchRefusal.Unsupported
            : FetchRefusal.None;
        if (reason != FetchRefusal.None) return Refuse(reason, NoticePeriod);
        headers.FetchHeaders(
            Key,
            new RangeKey(order.Range.ChainId, order.Range.RangeId, order.Range.Generation),
            new HeaderAsk(order.RequestId, Key, order.Number, order.Hash, order.Count),
            _epoch.Value);
        return new FetchAnswer(1, TimeSpan.Zero, FetchRefusal.None);
    }

    public async Task Report(OutcomeBatch batch)
    {
        // Whoever did not hear that it arrived sends it again.
        if (batch.Sender != Guid.Empty)
        {
            if (batch.Sender == _lastBatch.Sender && batch.Sequence <= _lastBatch.Sequence) return;
            _lastBatch = (batch.Sender, batch.Sequence);
        }

        TimeSpan now = Now;
        DateTimeOffset wall = time.GetUtcNow();
        Standing worst = Standing.Same;
        foreach (FetchEnd end in batch.Items)
        {
            Standing standing = _policy.Report((FetchOutcome)end.Verdict, end.Bytes, end.Elapsed, now, wall, end.FirstByteAfter, end.Late);
            if (standing > worst) worst = standing;
        }

        _dirty = true;
        await OnStandingAsync(worst);
    }

    public Task Charge(PeerCharge charge)
    {
        Log.PeerLied(log, Key.Value, charge.Sent.Number, charge.Sent.Hash, charge.Trusted);
        _dirty = true;
        return OnStandingAsync(_policy.Charge(FetchOutcome.HashMismatch, Now, time.GetUtcNow()));
    }

    public Task Cancel(RangeTag range)
    {
        links.Cancel(Key, new RangeKey(range.ChainId, range.RangeId, range.Generation));
        return Task.CompletedTask;
    }

    public Task CancelRequests(RangeTag range, ulong[] requestIds)
    {
        links.Cancel(Key, new RangeKey(range.ChainId, range.RangeId, range.Generation), requestIds);
        return Task.CompletedTask;
    }

    public Task<long> LinkChanged(LinkState link, long epoch)
    {
        // Of an idle activation's link, or of one on another silo that was frozen. What it says is said again by the link of this one.
        if (epoch != _epoch.Value) return Task.FromResult(_epoch.Value);
        bool sameHeaders = (_link.HeaderChains ?? []).AsSpan().SequenceEqual(link.HeaderChains ?? []);
        bool sameProblem = link.Problem == _link.Problem;
        _link = _away ? Banned(link) : link;
        _policy.SetMayGrantMore(link.MayGrantMore);
        TellChains(force: !sameHeaders || !sameProblem);
        return Task.FromResult(_epoch.Value);
    }

    public Task<PeerReport> Block(DateTimeOffset? until)
    {
        _policy.Block(until, time.GetUtcNow());
        return DecidedAsync(LedgerAct.Blocked);
    }

    public Task<PeerReport> Unblock()
    {
        _policy.Unblock(time.GetUtcNow());
        _readmittedNotices = ReadmittedNotices;   // a cluster that missed that it is not away hears of it again
        if (_link.Problem == BannedProblem) _link = _link with { Problem = _document.Addresses.Count == 0 ? "no address is known" : "" };
        return DecidedAsync(LedgerAct.Unblocked);
    }

    public Task<PeerReport> Protect(bool on)
    {
        _policy.Protect(on, time.GetUtcNow());
        return DecidedAsync(on ? LedgerAct.Protected : LedgerAct.Unprotected);
    }

    public Task<PeerReport> GetReport() => Task.FromResult(MakeReport());

    public async Task<bool> Forget()
    {
        if (_document.Configured) return false;
        _document.Addresses.Clear();
        _document.Chains.Clear();
        if (!_away)
        {
            // Closes the connection and ends the dialling, without an exclusion that would outlive it.
            links.KeepOut(Key, time.GetUtcNow(), []);
            links.Readmit(Key);
            _link = _link with { Connected = false, Problem = "removed" };
        }

        await FlushAsync();
        return true;
    }

    private async Task OnTick()
    {
        if (_epoch.Value > 0 && !_epoch.IsHeld && !await CommandsAsync()) return;
        _epoch.Awake();
        if (_away || (_epoch.Value == 0 && _document.Addresses.Count > 0)) await ConnectAsync();
        TellChains(force: Now - _toldAt >= NoticePeriod);
        if (_dirty && Now - _flushedAt >= FlushPeriod) await TryFlushAsync();
    }

    private void StartTimer()
    {
        _timer?.Dispose();
        _timer = this.RegisterGrainTimer(
            OnTick, new GrainTimerCreationOptions { DueTime = TimeSpan.FromSeconds(1), Period = TimeSpan.FromSeconds(1), KeepAlive = _document.Configured });
    }

    private async Task<PeerReport> DecidedAsync(LedgerAct act)
    {
        Log.PeerDecided(log, Key.Value, act.ToString());
        await ConnectAsync();
        await FlushAsync();
        TellChains(force: true);
        return MakeReport();
    }

    private async Task OnStandingAsync(Standing standing)
    {
        if (standing == Standing.Same) return;
        bool banned = standing == Standing.Banned;
        if (banned)
        {
            Log.PeerBanned(log, Key.Value, MakeReport().BannedUntil);
            await ConnectAsync();
        }

        TellChains(force: banned);
        if (banned) await TryFlushAsync();
    }

    /// <summary>Keeps a connection, but keeps a banned peer out until its ban ends, which the tick finds out.</summary>
    private async Task ConnectAsync()
    {
        DateTimeOffset wall = time.GetUtcNow();
        DateTimeOffset? until = _policy.Snapshot(Now, wall).BannedUntil;
        bool wasAway = _away;
        _away = until is not null;
        if (until is { } end)
        {
            _link = Banned(_link);
            if (!wasAway || end != _awayUntil)
            {
                IReadOnlyList<string> from = links.KeepOut(Key, end == DateTimeOffset.MaxValue ? null : end, _document.KeptOutFrom);
                _dirty |= !from.SequenceEqual(_document.KeptOutFrom);
                _document.KeptOutFrom = [.. from];
            }

            // Nobody asks who is banned, so nobody else would wake the grain when it is over.
            TimeSpan left = end - wall;
            DelayDeactivation(left < AwakeMax ? left + NoticePeriod : AwakeMax);
        }
        else
        {
            if (wasAway)
            {
                links.Readmit(Key);
                _document.KeptOutFrom = [];
                _dirty = true;
            }

            if (_epoch.IsHeld) Dial();
            else if (_document.Addresses.Count > 0) await CommandsAsync();
        }

        _awayUntil = until;
    }

    /// <summary>Makes sure that no later activation has taken over, by writing, before this one has anything asked.</summary>
    /// <returns>False if one has, or if that cannot be known now.</returns>
    private async Task<bool> CommandsAsync() => _epoch.IsHeld || await TryFlushAsync();

    private void Dial()
    {
        if (!_away && !_leaving && _document.Addresses.Count > 0) links.Connect(Key, _document.Addresses, _epoch.Value);
    }

    private static FetchAnswer Refuse(FetchRefusal reason, TimeSpan retryAfter) => new(0, retryAfter, reason);

    private static LinkState Banned(LinkState link) => link with { Connected = false, Problem = BannedProblem };

    private async Task FlushAsync()
    {
        _flushedAt = Now;
        _document.Policy = _policy.Persist();
        bool raises = !_epoch.IsHeld;
        if (raises) _document.Epoch++;
        await state.Write(PeerDocument.CurrentVersion, _document, StateJson.Default.PeerDocument);
        _epoch.Written(_document.Epoch);
        _dirty = false;
        if (raises) Dial();   // the link must know the new number before it tells anything
    }

    /// <summary>For callers to whom a failed write means nothing: what they reported is known, and repeating it would count it twice.
    /// The next tick that is due writes again; if somebody else has written meanwhile, the next activation begins with that.</summary>
    /// <returns>False if it failed.</returns>
    private async Task<bool> TryFlushAsync()
    {
        try
        {
            await FlushAsync();
            return true;
        }
        catch (Exception e) when (e is IOException or TimeoutException or OrleansException or DbException)
        {
            Log.PeerNotWritten(log, Key.Value, e);
            _dirty = e is not InconsistentStateException;
            if (!_dirty) DeactivateOnIdle();
            return false;
        }
    }

    private bool Serves(ulong chainId) => !_link.Identified || Array.IndexOf(_link.Chains, chainId) >= 0;

    private bool GivesHeaders(ulong chainId) => _link.HeaderChains is { } chains && Array.IndexOf(chains, chainId) >= 0;

    /// <summary>One-way: a chain that misses a notice hears the next one.</summary>
    private void TellChains(bool force)
    {
        PeerSnapshot snapshot = _policy.Snapshot(Now, time.GetUtcNow());
        ulong[] chains = _away && _document.Chains.Count == 0 ? [.. stores.ChainIds] : [.. _document.Chains];
        bool usable = _link.Connected && snapshot.BannedUntil is null && snapshot.RestingUntil is null;
        ulong[] usableFor = usable ? [.. _document.Chains.Where(Serves)] : [];
        if (!force && _usableTold is not null && usableFor.AsSpan().SequenceEqual(_usableTold)) return;
        _usableTold = usableFor;
        _toldAt = Now;
        _notices++;
        TellCluster(snapshot);
        foreach (ulong chain in chains)
        {
            _ = GrainFactory.GetChain(chain).PeerChanged(
                new PeerNotice(
                    Key.Value, usableFor.Contains(chain), options.Value.InFlightMax, snapshot.BannedUntil, GivesHeaders(chain), TroubleWith(chain, snapshot), _notices));
        }
    }

    /// <summary>One-way, and said again with each notice to the chains while the peer is kept out, and a few times after.</summary>
    private void TellCluster(PeerSnapshot snapshot)
    {
        bool isAway = snapshot.BannedUntil is not null;
        if (isAway) _readmittedNotices = ReadmittedNotices;
        else if (_readmittedNotices == 0) return;
        else _readmittedNotices--;
        DateTimeOffset? until = snapshot.BannedUntil == DateTimeOffset.MaxValue ? null : snapshot.BannedUntil;
        _ = GrainFactory.GetCluster().PeerStanding(
            new PeerStandingNotice(Key.Value, isAway, until, [.. _document.KeptOutFrom], snapshot.Blocked, _notices));
    }

    /// <summary>Why it is not asked for blocks of a chain and what comes next; empty if it is asked.</summary>
    private string TroubleWith(ulong chain, PeerSnapshot snapshot)
    {
        string text = snapshot.BannedUntil == DateTimeOffset.MaxValue ? "is blocked until an operator unblocks it"
            : snapshot.BannedUntil is { } end ? $"is {(snapshot.Blocked ? "blocked" : "banned")} until {Clock(end)}"
            : snapshot.RestingUntil is { } rest ? $"rests until {Clock(rest)}, for a wrong answer"
            : !_link.Connected ? $"{(_link.Problem.Length > 0 ? _link.Problem : "is not connected")}, is dialled again"
            : !Serves(chain) ? "does not serve this chain"
            : "";
        return text.Length <= TroubleMax ? text : text[..TroubleMax];

        static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    private PeerReport MakeReport()
    {
        PeerSnapshot snapshot = _policy.Snapshot(Now, time.GetUtcNow());
        return new PeerReport
        {
            PeerId = Key.Value,
            Addresses = [.. _document.Addresses],
            Chains = [.. _document.Chains],
            Configured = _document.Configured,
            Connected = _link.Connected,
            Problem = _link.Problem.Length > 0 || !_link.Identified || _document.Chains.Exists(Serves) ? _link.Problem : "does not serve the chain",
            Agent = _link.Agent,
            Score = snapshot.Score,
            BannedUntil = snapshot.BannedUntil,
            RestingUntil = snapshot.RestingUntil,
            InFlight = links.CountOpen(Key),
            Requests = snapshot.Requests,
            Ok = snapshot.Count(FetchOutcome.Good),
            NotFound = snapshot.Count(FetchOutcome.NotFound),
            RateLimited = snapshot.Count(FetchOutcome.RateLimited),
            Timeouts = snapshot.Count(FetchOutcome.Timeout),
            Failed = snapshot.Count(FetchOutcome.Failed),
            Malformed = snapshot.Count(FetchOutcome.Malformed),
            Rejected = snapshot.Count(FetchOutcome.HashMismatch),
            Bytes = snapshot.Bytes,
            Ledger = [.. snapshot.Ledger.Select(e => new PeerLedgerEntry(e.When, e.Reason, e.Amount))],
            Blocked = snapshot.Blocked,
            Protected = snapshot.Protected,
            Rate = snapshot.Rate,
            InFlightMax = snapshot.InFlightLimit,
            Ranges = _work.Of(Now),
        };
    }
}
