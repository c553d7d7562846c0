using System.Runtime.CompilerServices;
using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>What must hold after every single step.</summary>
public sealed class Checks(World world)
{
    /// <summary>Score below which no peer that told no lie may fall. A rate limit costs nothing (docs/adr/0003).</summary>
    private const double HonestScoreMin = 0;

    private readonly Dictionary<string, (ulong? Cursor, TimeSpan Since)> _cursors = [];

    /// <summary>How long each height was the cursor, for ranges that had more to link.</summary>
    public List<TimeSpan> CursorWaits { get; } = [];

    /// <summary>Whether <see cref="CursorWaits"/> is kept.</summary>
    public bool KeepsCursorWaits { get; init; }

    public void OnStep(RangeShell range, RangeCommands todo)
    {
        RangePlan plan = range.Document.Plan;
        SimChain chain = world.Plan.Chain(plan.Chain);
        foreach (BlockId block in todo.Promote)
        {
            Require(block.Hash == chain.Hash(block.Number, plan.Fork), $"{plan.Id} promotes {block}, which is not on the chain of its anchor");
            Require(block.Number >= plan.First && block.Number <= plan.Top, $"{plan.Id} promotes {block.Number}, which it does not want");
        }

        foreach (Charge charge in todo.Charge)
        {
            PeerRecord record = world.Record(charge.Peer);
            Require(plan.Rank > Sync.Trust.TrustRank.Caller, $"{plan.Id} charges {charge.Peer} on the word of a caller");
            Require(record.Plan.IsLiar || plan.Fork != 0, $"{plan.Id} charges {charge.Peer}, which does not lie");
            Require(record.Lies.Contains(charge.Sent) || plan.Fork != 0, $"{plan.Id} charges {charge.Peer} for {charge.Sent}, which it did not send");
            Require(charge.Trusted == chain.Hash(charge.Sent.Number, plan.Fork), $"{plan.Id} charges by a wrong hash at {charge.Sent.Number}");
        }

        foreach (Island island in todo.Stored)
        {
            for (ulong number = island.Range.First; number <= island.Range.Last; number++)
            {
                Require(
                    world.Store.CanonicalAt(plan.Chain, number)?.Hash == chain.Hash(number, plan.Fork),
                    $"{plan.Id} calls {number} stored, which is not on the disk");
            }
        }

        foreach (Ask ask in todo.Ask)
        {
            Require(ask.Items.Count <= world.Plan.RangeOptions.AskItemsMax, $"{plan.Id} asks {ask.Peer} for {ask.Items.Count} blocks at once");
            foreach (AskItem item in ask.Items)
            {
                Require(item.Number >= plan.First && item.Number <= plan.Top, $"{plan.Id} asks for {item.Number}, which it does not want");
                Require(!range.Document.IsPaused, $"{plan.Id} asks while it is paused");
            }
        }

        if (KeepsCursorWaits) NoteCursor(range);
        if (world.Agenda.Steps % 16 == 0 || todo.Finished != RangeResult.None) CheckStatus(range, todo, chain);
    }

    /// <summary>After everything that happens.</summary>
    public void OnEvent()
    {
        SimBudget budget = world.Budget;
        Require(budget.Used <= budget.Capacity, $"{budget.Used} bytes are accounted, {budget.Capacity} are allowed");
        long known = world.BytesReading + world.Quarantine.Bytes + world.Store.QueuedBytes;
        bool exact = budget.Used == known || world.IsGranting;
        Require(exact, $"{budget.Used} bytes are accounted, but reading {world.BytesReading}, quarantine {world.Quarantine.Bytes}, store {world.Store.QueuedBytes}");
        Require(world.Store.QueueLength <= SimStore.QueueMax, $"{world.Store.QueueLength} blocks wait for the store");
    }

    public void OnAdmitted(PeerShell peer) => Require(
        peer.Link.Open <= world.Plan.PeerOptions.InFlightMax, $"{peer.Key} has {peer.Link.Open} requests open");

    public void OnOutcome(PeerShell peer, FetchOutcome outcome) => Require(
        outcome != FetchOutcome.Malformed || peer.Plan.IsLiar, $"{peer.Key} is said to have sent malformed bytes");

    /// <summary>After anything that may have changed a peer's standing.</summary>
    public void OnStanding(PeerShell peer)
    {
        if (peer.Plan.IsLiar || world.HasFalseAnchor) return;
        PeerSnapshot snapshot = peer.Snapshot;
        Require(snapshot.BannedUntil is null, $"{peer.Key} is banned and never lied");
        Require(snapshot.Score >= HonestScoreMin, $"{peer.Key} never lied and has the score {snapshot.Score}");
    }

    /// <summary>After a change of who fetches what: own and foreign parts are exactly what is wanted, nothing belongs to two.</summary>
    public void OnBook(IntervalBook book, IReadOnlyList<RangeDocument> open)
    {
        List<(BlockRange Span, BlockId? Sharing)> owned = [];
        foreach (RangeDocument range in open)
        {
            if (range.IsPaused || book.Find(range.Plan.Id) is not { } part) continue;
            ulong count = 0;
            foreach (BlockRange span in part.Own.Concat(part.Subscribed.Select(s => s.Span))) count += span.Count;
            Require(count == range.Plan.Top - range.Plan.First + 1, $"{range.Plan.Id} wants {range.Plan.Top - range.Plan.First + 1} blocks and was given {count}");
            BlockId? sharing = range.Target.Anchor.IsChainRank ? null : new BlockId(range.Target.Anchor.Number, range.Target.Anchor.Hash);
            foreach (BlockRange own in part.Own)
            {
                Require(!owned.Exists(o => o.Sharing == sharing && o.Span.Overlaps(own)), $"{own} belongs to two ranges");
                owned.Add((own, sharing));
            }

            foreach (Subscription subscription in part.Subscribed)
                Require(open.Any(o => o.Plan.Id == subscription.Owner && !o.IsPaused), $"{range.Plan.Id} waits for {subscription.Owner}, which does not run");
        }
    }

    public void Require(bool holds, [InterpolatedStringHandlerArgument("holds")] Complaint complaint)
    {
        if (!holds) throw new SimulationException(complaint.ToString());
    }

    private void CheckStatus(RangeShell range, RangeCommands todo, SimChain chain)
    {
        RangeStatus status = range.Status;
        RangePlan plan = range.Document.Plan;
        RangeSyncOptions options = world.Plan.RangeOptions;

        long accounted = status.QuarantinedBytes + status.InFlightBytes;
        Require(accounted <= options.WindowBytesMax + ByteBudget.Reserve, $"{plan.Id} accounts for {accounted} bytes");
        Require(status.InFlight <= options.WindowBlocksMax + 64, $"{plan.Id} has {status.InFlight} requests open");
        Require(status.Missing.Count <= 16, $"{plan.Id} lists {status.Missing.Count} heights");
        if (todo.Finished == RangeResult.None && world.Agenda.Steps % 1_024 != 0) return;
        ulong durable = 0;
        for (ulong number = plan.First; number <= plan.Last; number++)
        {
            if (world.Store.CanonicalAt(plan.Chain, number)?.Hash == chain.Hash(number, plan.Fork)) durable++;
        }

        Require(status.Stored - status.NotCanonical <= durable, $"{plan.Id} counts {status.Stored} blocks as stored, {durable} are");
    }

    private void NoteCursor(RangeShell range)
    {
        ulong? cursor = range.Status.Cursor;
        TimeSpan now = world.Agenda.Now;
        if (!_cursors.TryGetValue(range.Key.RangeId, out (ulong? Cursor, TimeSpan Since) last))
        {
            _cursors[range.Key.RangeId] = (cursor, now);
            return;
        }

        if (cursor == last.Cursor || last.Cursor is not { } from) return;
        CursorWaits.Add(now - last.Since);

        // Heights that were linked in the same step did not wait.
        ulong linked = from - (cursor ?? (range.Document.Plan.First - 1));
        for (ulong i = 1; i < linked; i++) CursorWaits.Add(TimeSpan.Zero);
        _cursors[range.Key.RangeId] = (cursor, now);
    }

    /// <summary>Text that is only built when a check fails.</summary>
    [InterpolatedStringHandler]
    public ref struct Complaint
    {
        private DefaultInterpolatedStringHandler _text;

        public Complaint(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            if (isNeeded) _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount, System.Globalization.CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
