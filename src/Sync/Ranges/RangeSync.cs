using System.Diagnostics;
using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>Decides how one range of blocks is filled: whom to ask for what, which blocks are proven, who lied.</summary>
/// <remarks>
/// Trust goes down from the anchor. The cursor is the highest height not linked yet; its hash is known, because the block above
/// names it. Below it a window of heights is fetched ahead and waits in quarantine; linking is decided on records alone, and one
/// step links as far down as records reach. All state is here, one thread at a time, and every input is an event with a time, so
/// that any interleaving can be replayed. Nothing a peer sends makes a step throw.
/// Inside, a height is its depth below the anchor: 0 is the anchor itself, and all loops count upwards.
/// </remarks>
public sealed partial class RangeSync
{
    /// <summary>Doublings of <see cref="RangeSyncOptions.NobodyHasRetry"/>: to eight times.</summary>
    internal const int BackoffStepsMax = 3;

    /// <summary>Requests open at once for the anchor's height when somebody disagreed with it. Other heights have one.</summary>
    internal const int AnchorAsksMax = 4;

    /// <summary>Contradictions reported one by one; more of them say nothing new, and are counted.</summary>
    private const int ContradictionsMax = 16;

    /// <summary>Least rest of a peer that refused, so that a refusal without a time does not become a loop.</summary>
    private static readonly TimeSpan RefusalRestMin = TimeSpan.FromMilliseconds(50);

    /// <summary>Rest of a peer that answered with its rate limit.</summary>
    private static readonly TimeSpan RateLimitedRest = TimeSpan.FromSeconds(1);

    /// <summary>Rest of a peer to which there was no connection when it was to be asked. That it is gone is told soon.</summary>
    private static readonly TimeSpan NotConnectedRest = TimeSpan.FromMilliseconds(500);

    /// <summary>No request to anybody after one failed for lack of our own memory.</summary>
    private static readonly TimeSpan OurFaultRest = TimeSpan.FromMilliseconds(250);

    private readonly RangeTarget _target;
    private readonly RangeSyncOptions _options;
    private readonly ulong _top;
    private readonly long _end;
    private readonly Window _window;
    private readonly FlightTable _flights;
    private readonly PeerTable _peers;
    private readonly IslandList _islands = new();
    private readonly AnchorEvidence _evidence = new();
    private readonly ChargeMemory _charged = new();
    private readonly RangeCommands _out = new();
    private readonly List<int> _peerNumbers = [];

    private RateMeter _rate;
    private TimeSpan _deadline = TimeSpan.MaxValue;
    private SpanSet _withheld = SpanSet.Empty;
    private TimeSpan _now = TimeSpan.MinValue;
    private long _cursor;
    private Hash32 _cursorHash;
    private ulong _stored;
    private ulong _notCanonical;
    private long _lastConflict = -2;
    private int _contradictions;
    private bool _doesNotAttach;
    private bool _paused;
    private string? _storeStall;
    private string _endText = "";
    private string _trouble = "";

    /// <summary>Takes up a range, be it new or known from before a restart.</summary>
    /// <param name="target">What to fill and what to trust.</param>
    /// <param name="options">Limits.</param>
    /// <param name="stored">What the store holds of it, clipped to <c>[Range.First, Anchor.Number]</c>.</param>
    /// <param name="seed">Decides which of equally loaded peers is asked first.</param>
    /// <exception cref="ArgumentException">The anchor is below the range or too far above it, carries no rank, or the lower link is
    /// not directly below the range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its bounds.</exception>
    public RangeSync(RangeTarget target, RangeSyncOptions options, IReadOnlyList<Island> stored, int seed)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stored);
        options.Validate();
        target.Validate();
        _target = target;
        _options = options;
        _top = target.Anchor.Number;
        _end = (long)(_top - target.Range.First) + 1;
        _cursorHash = target.Anchor.Hash;
        _peers = new PeerTable(options.PeersMax, options.StrangerRequestsMax, seed) { Preferred = target.PreferredPeer };
        _hedges = new HedgeBudget(options.HedgeShareMax);
        _window = new Window(options.WindowBlocksMax, _end, _peers.Words);
        _flights = new FlightTable(2 * (options.WindowBlocksMax + AnchorAsksMax));
        _leftOut = new ulong[_peers.Words];
        _askOf = new List<AskItem>?[_peers.Words * 64];
        _sizeExpected = options.SizeExpectedFirst;
        _bytesAllowed = options.WindowBytesMax;
        foreach (Island island in stored) AddIsland(island);
    }

    /// <summary>How it ended; <see cref="RangeResult.None"/> while it runs.</summary>
    public RangeResult Result { get; private set; }

    private bool IsChainRank => _target.Anchor.IsChainRank;

    /// <summary>Takes one event and says what to do. Everything due by <paramref name="now"/> is done as well.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="now">Monotonic time; a value before the last one counts as the last one.</param>
    /// <returns>The core's own object, valid until the next step.</returns>
    public RangeCommands Step(RangeEvent e, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (now > _now) _now = now;
        _out.Clear();
        if (Result != RangeResult.None)
        {
            RejectLate(e);
            return _out;
        }

        Apply(e);
        if (Result == RangeResult.None && _now >= _deadline) Finish(RangeResult.DeadlinePassed);
        if (Result == RangeResult.None)
        {
            Expire();
            Link();
            IsolateLiars();
            _window.Slide(_cursor);
            _known.Slide(_window.Base);
            Admit();
            _peersGained |= _peers.Refresh(_now);
            JudgeAnchor();
        }

        if (Result == RangeResult.None && _window.Base == _end) Finish(_doesNotAttach ? RangeResult.DoesNotAttach : RangeResult.Complete);
        if (Result == RangeResult.None)
        {
            AskPeers();
            _out.WakeAt = NextDue();
        }

        MergeStored();
        return _out;
    }

    private void Apply(RangeEvent e)
    {
        switch (e)
        {
            case RangeEvent.Tick:
                break;
            case RangeEvent.PeersChanged changed:
                OnPeersChanged(changed.Peers);
                _trouble = changed.Trouble;
                _awaited = changed.Awaited ?? [];
                break;
            case RangeEvent.Refused refused:
                OnRefused(refused);
                break;
            case RangeEvent.Replied replied:
                foreach (FetchReply reply in replied.Items) OnReply(in reply);
                break;
            case RangeEvent.PromoteAnswered answered:
                foreach (PromoteReply reply in answered.Items) OnPromoteReply(in reply);
                break;
            case RangeEvent.Acknowledged acknowledged:
                foreach (StoreAck ack in acknowledged.Items) OnAck(in ack);
                break;
            case RangeEvent.IslandStored stored:
                AddIsland(stored.Island);
                break;
            case RangeEvent.HashesKnown known:
                OnHashesKnown(known.Top, known.Hashes);
                break;
            case RangeEvent.Withheld withheld:
                _withheld = SpanSet.Of(withheld.Ranges);
                Rebar(_window.Base, _window.Next);
                break;
            case RangeEvent.StoreState state:
                OnStoreState(state.Reason);
                break;
            case RangeEvent.Pause pause:
                _paused = pause.On;
                break;
            case RangeEvent.Room room:
                _room = room.Share;
                break;
            case RangeEvent.Preferred preferred:
                _peers.Preferred = preferred.Peer;
                break;
            case RangeEvent.Deadline deadline:
                _deadline = deadline.At;
                break;
            case RangeEvent.Cancel cancel:
                if (cancel.Result is not (RangeResult.Cancelled or RangeResult.DeadlinePassed))
                    throw new ArgumentException($"An owner cannot end a range as {cancel.Result}.", nameof(e));
                Finish(cancel.Result);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Ends the range: what is undecided is given up, what is promoted is the store's.</summary>
    private void Finish(RangeResult result)
    {
        if (result == RangeResult.DeadlinePassed) _endText = DescribeMissedDeadline();
        Result = result;
        _out.Finished = result;
        for (long depth = _window.Base; depth < _window.Next; depth++) DropCandidates(depth);
        while (_flights.Count > 0) Close(_flights.Take(_flights.Oldest));
    }

    private void RejectLate(RangeEvent e)
    {
        if (e is not RangeEvent.Replied replied) return;
        foreach (FetchReply reply in replied.Items)
        {
            if (reply.Block is { } block) _out.Reject.Add(block.Id);
        }
    }

    private ulong HeightAt(long depth) => _top - (ulong)depth;

    /// <summary>The depth of a height, or -1 if it is none of this range's.</summary>
    private long DepthOf(ulong height) =>
        height <= _top && height >= _target.Range.First ? (long)(_top - height) : -1;

    private static TimeSpan After(TimeSpan time, TimeSpan span) =>
        span > TimeSpan.MaxValue - time ? TimeSpan.MaxValue : time + span;

    private void Contradict(in Contradiction contradiction)
    {
        if (_contradictions++ < ContradictionsMax) _out.Contradictions.Add(contradiction);
    }
}
