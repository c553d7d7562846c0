using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.State;
using OpSync.Grains.State;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Orleans.Storage;

namespace OpSync.Grains.Ranges;

/// <summary>Turn-based shell of <see cref="RangeSync"/>: feeds it events, carries out its commands.</summary>
/// <remarks>
/// Calls to peers and blocks are started within a turn and awaited outside it; their answers come back as events of turns of
/// their own, so that a slow peer never holds up the records of the others. The core bounds how many can be open.
/// </remarks>
internal sealed partial class SyncRangeGrain(
    [PersistentState("range", GrainStorageNames.OpSync)] IPersistentState<StateBlob> state,
    IBlockStores stores,
    WindowShares shares,
    IOptions<RangeSyncOptions> options,
    TimeProvider time,
    ILogger<SyncRangeGrain> log) : Grain, ISyncRangeGrain
{
    /// <summary>What failed for want of an answer is tried again after this time.</summary>
    private static readonly TimeSpan CallRetry = TimeSpan.FromSeconds(1);

    /// <summary>Granularity of the core's deadlines.</summary>
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(50);

    /// <summary>Promotions handed to blocks in one event.</summary>
    private const int PromoteBatchMax = 64;

    private const int ContradictionsKept = 16;

    /// <summary>What headers have linked is written down this often; what is lost is pulled again.</summary>
    private static readonly TimeSpan MarksPeriod = TimeSpan.FromSeconds(5);

    private readonly long _start = time.GetTimestamp();
    private readonly Epoch _epoch = new(time);
    private readonly List<ContradictionInfo> _contradictions = [];
    private readonly HashSet<PeerKey> _asked = [];
    private readonly Queue<RangeEvent> _events = new();   // one for each call of the step that is being carried out, at most
    private RangeDocument? _document;
    private RangeSync? _core;
    private SkeletonDriver? _skeleton;
    private TimeSpan _marksWrittenAt;
    private TimeSpan _confirmAt;
    private Task _writing = Task.CompletedTask;
    private IGrainTimer? _timer;
    private RangeTag _tag;
    private bool _stepping;
    private TimeSpan _wakeAt;
    private long _contextSequence = -1;
    private long _moves;
    private long _bytes;
    private int _priority;
    private WindowShare _share;
    private readonly RangeTrace _trace = new();
    private bool _raiseRank;

    private RangeKey Key => new(_tag.ChainId, _tag.RangeId, _tag.Generation);

    private TimeSpan Now => time.GetElapsedTime(_start);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _document = state.Read(RangeDocument.CurrentVersion, StateJson.Default.RangeDocument);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        bool isStop = reason.ReasonCode == DeactivationReasonCode.ShuttingDown;
        RangeStatus? status = _core?.GetStatus(Now);
        if (isStop && status?.Result == RangeResult.None) Log.RangeInterrupted(log, _tag.RangeId, _tag.ChainId, status.Unlinked, status.InFlight);
        _trace.End(isStop ? "Interrupted" : "Deactivated", status?.Stored);

        // Calls still under way come back to an activation that must not act any more.
        _core = null;
        shares.Leave(Key);
        _skeleton?.Stop();
        return Task.CompletedTask;
    }

    public async Task<RangeReport> Start(RangeOrder order)
    {
        if (_document is null)
        {
            _document = RangeDocument.From(order);
            await BeginAsync(order.Context);
        }
        else
        {
            await ContinueAsync(order.Context);
        }

        return MakeReport();
    }

    public async Task<RangeReport> Poke(RangeContext context)
    {
        await ContinueAsync(context);
        return MakeReport();
    }

    public Task SetContext(RangeContext context)
    {
        if (context.Sequence <= _contextSequence) return Task.CompletedTask;
        _contextSequence = context.Sequence;
        _priority = context.Priority;
        Step(new RangeEvent.Withheld(Array.ConvertAll(context.Withheld, s => new BlockRange(s.First, s.Last))));
        Step(context.ToPeers());
        if (context.PreferredPeer is { } preferred) Step(new RangeEvent.Preferred(new PeerKey(preferred)));
        _skeleton?.SetSources(context.Peers);
        return Task.CompletedTask;
    }

    public Task DeliverHeaders(HeaderDelivery delivery)
    {
        _skeleton?.Deliver(delivery);
        return Task.CompletedTask;
    }

    public Task Deliver(ReplyBatch batch)
    {
        if (_core is null && _document is not null && !_document.State.HasEnded()) return Task.CompletedTask;
        foreach (ReplyInfo reply in batch.Items)
        {
            if (reply.Verdict != FetchVerdict.Good) continue;
            _bytes += reply.Size;

            // The core of an ended range drops what comes late by itself; without a core nobody else would.
            if (_core is null) _ = RejectAsync(new BlockId(reply.Number, reply.Hash));
        }

        Step(batch.ToEvent(isCurrent: batch.Generation == _tag.Generation));
        return Task.CompletedTask;
    }

    public Task Acknowledge(AckBatch batch)
    {
        _trace.Durable();
        Step(batch.ToEvent());
        return Task.CompletedTask;
    }

    public Task StoreChanged(string? problem)
    {
        Step(new RangeEvent.StoreState(problem));
        return Task.CompletedTask;
    }

    public async Task OthersStored(bool ended)
    {
        if (_core?.GetStatus(Now).Cursor is not { } cursor || stores.Find(_tag.ChainId) is not { } store) return;

        // Islands cost a walk over the index. While the other range runs, only one that reaches the cursor is of use.
        if (!ended && await store.GetCanonicalAsync(cursor, CancellationToken.None) is null) return;

        // Clipped to the cursor, since trust enters an island by its top and nowhere else; but not to what others fetch: cut there,
        // an island overlaps what was known of it, and its lower part would be fetched again.
        BlockRange reach = new(_document!.First, cursor);
        foreach (Island island in await store.GetIslandsAsync(reach, TrustRank.Caller, CancellationToken.None))
        {
            _raiseRank = true;
            Step(new RangeEvent.IslandStored(island));
        }
    }

    public async Task Pause(bool on)
    {
        if (_document is null || _document.State.HasEnded()) return;
        _document.State = on ? RangeState.Paused : RangeState.Running;
        await WriteAsync();
        _trace.Note(on ? "paused" : "resumed");
        Step(new RangeEvent.Pause(on));
    }

    public async Task Cancel()
    {
        if (_core is null && _document is { } sleeping && !sleeping.State.HasEnded())
        {
            sleeping.State = RangeState.Cancelled;
            await WriteAsync();
        }

        Step(new RangeEvent.Cancel());
    }

    public Task<RangeReport> GetReport() => Task.FromResult(MakeReport());

    private Task ContinueAsync(RangeContext context)
    {
        if (_document is null || _document.State.HasEnded()) return Task.CompletedTask;
        return _core is null ? BeginAsync(context) : SetContext(context);
    }

    /// <summary>Raises the generation by conditional write, so that of two activations only one can go on, and only then asks.</summary>
    private async Task BeginAsync(RangeContext context)
    {
        RangeDocument document = _document!;
        (ulong chainId, string rangeId) = RangeGrainKey.Parse(this);
        IBlockStore store = stores.Find(chainId)
            ?? throw new InvalidOperationException($"This silo has no store for chain {chainId}; add the chain to its configuration.");
        document.Generation++;
        await WriteAsync();
        _epoch.Written(document.Generation);
        _tag = new RangeTag(chainId, rangeId, document.Generation);

        RangeTarget target = document.ToTarget();
        BlockRange wanted = new(target.Range.First, Math.Max(target.Range.Last, target.Anchor.Number));
        IReadOnlyList<Island> islands = await store.GetIslandsAsync(wanted, TrustRank.Caller, CancellationToken.None);
        _raiseRank |= islands.Count > 0;

        _trace.Begin(chainId, rangeId, document.First, document.Last, (int)document.Generation);
        Log.RangeStarts(log, rangeId, chainId, document.First, document.Last, new BlockId(target.Anchor.Number, target.Anchor.Hash), document.Generation);
        _core = new RangeSync(target, options.Value, islands, seed: HashCode.Combine(rangeId, document.Generation));
        _skeleton = new SkeletonDriver(
            new SkeletonSync(target.Anchor, target.Range.First, new SkeletonOptions(), document.ToMarks(), islands, seed: HashCode.Combine(rangeId, document.Generation)),
            _tag, GrainFactory, time, options.Value.CallTimeout, () => Now, Step, charge => _ = ChargeAsync(charge), log);
        _timer = this.RegisterGrainTimer(
            OnTick, new GrainTimerCreationOptions { DueTime = TickPeriod, Period = TickPeriod, KeepAlive = true });
        if (document.Deadline is { } deadline) Step(new RangeEvent.Deadline(Now + (deadline - time.GetUtcNow())));
        if (document.State == RangeState.Paused) Step(new RangeEvent.Pause(true));
        await SetContext(context);
        Step(new RangeEvent.Tick());
    }

    private async Task OnTick()
    {
        if (!_epoch.IsHeld && !await ConfirmAsync()) return;
        _epoch.Awake();
        ClaimRoom();
        if (Now >= _wakeAt) Step(new RangeEvent.Tick());
        if (_document!.State != RangeState.Paused) _skeleton?.Tick();
        if (Now - _marksWrittenAt >= MarksPeriod && _core?.Result == RangeResult.None) await WriteMarksAsync();
    }

    /// <summary>After a sleep that was too long: goes on only if no later activation has written meanwhile.</summary>
    private async Task<bool> ConfirmAsync()
    {
        if (Now < _confirmAt) return false;
        if (await TryWriteAsync()) return true;
        _confirmAt = Now + CallRetry;
        return false;
    }

    private async Task WriteMarksAsync()
    {
        _marksWrittenAt = Now;
        IReadOnlyList<BlockId> marks = _skeleton!.Marks;
        List<RangeDocument.MarkEntry> written = _document!.Marks;
        if (marks.Count == written.Count && (marks.Count == 0 || marks[^1].Number == written[^1].Number)) return;
        _document.Marks = [.. marks.Select(m => new RangeDocument.MarkEntry { Number = m.Number, Hash = m.Hash.ToString() })];
        await TryWriteAsync();   // they are written again with what comes next; without them headers are pulled once more
    }

    /// <summary>False if it failed; an activation that another one has replaced ends by it.</summary>
    private async Task<bool> TryWriteAsync()
    {
        try
        {
            await WriteAsync();
            _epoch.Written(_tag.Generation);
            return true;
        }
        catch (InconsistentStateException)
        {
            Log.RangeSuperseded(log, _tag.RangeId, _tag.Generation);
            _core = null;
            DeactivateOnIdle();
        }
        catch (Exception e) when (IsCallFailure(e))
        {
            Log.CallFailed(log, "storage", e);
        }

        return false;
    }

    /// <summary>Asks for a part of the silo's memory, and goes by what it gets.</summary>
    private void ClaimRoom()
    {
        if (_core is null) return;
        WindowShare share = shares.Claimed(Key, _priority, _core.RoomWanted, time.GetElapsedTime(0));
        if (share == _share) return;
        _share = share;
        Step(new RangeEvent.Room(share));
    }

    /// <summary>One event in, its commands out, without an await between: no other turn can split it. A call that is answered before
    /// it is awaited comes back here in the middle of a step, whose lists are the core's: its event waits for the end of that.</summary>
    private void Step(RangeEvent input)
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
        if (_core is null) return;

        RangeCommands todo = _core.Step(input, Now);
        _wakeAt = todo.WakeAt;

        // Store first, ask second: a crash in between repeats a request and loses no block.
        for (int i = 0; i < todo.Promote.Count; i += PromoteBatchMax)
        {
            _ = PromoteAsync([.. todo.Promote.Skip(i).Take(PromoteBatchMax)]);
        }

        foreach (BlockId block in todo.Reject) _ = RejectAsync(block);
        foreach (Charge charge in todo.Charge) _ = ChargeAsync(charge);
        foreach (Cancellation needless in todo.Cancel) _ = CancelAtAsync(needless.Peer, [.. needless.RequestIds]);
        foreach (Ask ask in todo.Ask) _ = AskAsync(ask);
        foreach (Contradiction found in todo.Contradictions) Remember(found);
        if (todo.Finished != RangeResult.None) _ = FinishAsync(todo.Finished);
        _skeleton?.Follow(_core.CursorBlock);
    }

    private async Task FinishAsync(RangeResult result)
    {
        _timer?.Dispose();
        _skeleton?.Stop();
        shares.Leave(Key);
        RangeDocument document = _document!;
        Log.RangeEnded(log, _tag.RangeId, _tag.ChainId, result.ToString());
        _trace.End(result.ToString(), _core?.GetStatus(Now).Stored);
        _asked.UnionWith(_skeleton?.Asked ?? []);
        foreach (PeerKey peer in _asked) _ = CancelAtAsync(peer, null);
        try
        {
            if (result == RangeResult.Complete && _raiseRank && stores.Find(_tag.ChainId) is { } store)
            {
                await store.RaiseRankAsync(document.ToTarget().Anchor, document.First, CancellationToken.None);
            }

            // A crash before this write repeats the end of the range at the next poke; everything it stored is in the store.
            document.State = result.ToState();
            RangeStatus? end = _core?.GetStatus(Now);
            document.EndText = end?.StallText ?? "";   // of a complete one too: other blocks may stay canonical at its heights
            document.Stored = end?.Stored ?? 0;
            document.Shares = [.. (end?.Shares ?? []).Select(RangeDocument.ShareEntry.From)];
            document.Contradictions = [.. _contradictions.Select(RangeDocument.ContradictionEntry.From)];
            (document.Priority, document.Bytes) = (_priority, _bytes);
            document.Marks = [];
            await WriteAsync();
            Tell();
        }
        catch (Exception e)
        {
            // So does a store that fails here, in whatever way: nobody else sees it, and a range whose end is not written would count
            // as running for ever. The next activation knows only what was written.
            Log.EndNotWritten(log, _tag.RangeId, e);
            DeactivateOnIdle();
        }
    }

    /// <summary>One-way: a chain that misses this asks for a report by itself.</summary>
    private void Tell() =>
        _ = GrainFactory.GetChain(_tag.ChainId).RangeMoved(new RangeMove(_tag.RangeId, _tag.Generation, ++_moves, _document!.State));

    private void Remember(Contradiction found)
    {
        Log.Contradiction(log, _tag.RangeId, found.Number, found.Expected, found.Source, found.Found);
        if (_contradictions.Count == ContradictionsKept) _contradictions.RemoveAt(0);
        _contradictions.Add(new ContradictionInfo(found.Number, found.Expected, found.Found, found.Source));
    }

    /// <summary>One write at a time: two at once would contradict each other's version.</summary>
    private Task WriteAsync()
    {
        return _writing = WriteAfterAsync(_writing);

        async Task WriteAfterAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await WriteNowAsync();
        }
    }

    private Task WriteNowAsync() => state.Write(RangeDocument.CurrentVersion, _document!, StateJson.Default.RangeDocument);

    /// <summary>What a call may fail with through no fault of this code: timeouts and the engine's own exceptions.</summary>
    private static bool IsCallFailure(Exception e) => e is TimeoutException or OrleansException or IOException;

    private RangeReport MakeReport()
    {
        (ulong chainId, string rangeId) = RangeGrainKey.Parse(this);
        RangeStatus? status = _core?.GetStatus(Now);
        RangeState where = _document?.State ?? RangeState.Unknown;
        bool done = where == RangeState.Complete;
        return new RangeReport
        {
            ChainId = chainId,
            RangeId = rangeId,
            First = _document?.First ?? 0,
            Last = _document?.Last ?? 0,
            State = where,
            Stored = status?.Stored ?? (done ? _document!.Last - _document.First + 1 : _document?.Stored ?? 0),
            Bytes = status is null ? _document?.Bytes ?? 0 : _bytes,
            Cursor = status?.Cursor,
            InFlight = status?.InFlight ?? 0,
            Quarantined = status?.Quarantined ?? 0,
            StallCode = (status?.Stall ?? (where == RangeState.DeadlinePassed ? StallReason.DeadlinePassed : StallReason.None)).ToString(),
            StallText = status?.StallText ?? _document?.EndText ?? "",
            Missing = status is null ? [] : [.. status.Missing],
            Contradictions = status is null ? [.. (_document?.Contradictions ?? []).Select(static c => c.ToInfo())] : [.. _contradictions],
            BlocksPerSecond = status?.BlocksPerSecond ?? 0,
            BytesPerSecond = status?.BytesPerSecond ?? 0,
            TimeLeftLow = status?.TimeLeft.Low,
            TimeLeftHigh = status?.TimeLeft.High,
            TimeLeftUnknown = status?.TimeLeft.Unknown ?? "",
            Shares = [.. (status?.Shares.Select(RangeDocument.ShareEntry.From) ?? _document?.Shares ?? []).Select(static s => s.ToInfo())],
            Requests = status?.Requests ?? 0,
            Copies = status?.Copies ?? 0,
            Deadline = _document?.Deadline,
            Priority = status is null ? _document?.Priority ?? 0 : _priority,
            HeadersLinked = _skeleton?.Linked ?? 0,
        };
    }
}
