using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>Everything that can happen to a range. The closed list of its inputs.</summary>
public abstract record RangeEvent
{
    private RangeEvent()
    {
    }

    /// <summary>Time passed; nothing else happened. Steps are idempotent under extra ticks.</summary>
    public sealed record Tick : RangeEvent;

    /// <summary>The whole set of peers that may be asked, replacing the one before.</summary>
    /// <param name="Peers">Usable peers, at most <see cref="RangeSyncOptions.PeersMax"/> are kept.</param>
    /// <param name="Trouble">Who may not be asked and why, for a person; empty if nobody is out.</param>
    /// <param name="Awaited">Known peers that cannot be asked now and may be later: resting, or being dialled. Null for none.</param>
    public sealed record PeersChanged(IReadOnlyList<PeerOffer> Peers, string Trouble = "", IReadOnlyList<PeerKey>? Awaited = null) : RangeEvent;

    /// <summary>A peer's answer to an <see cref="Ask"/>: which of its items were not taken.</summary>
    /// <param name="Peer">The peer asked.</param>
    /// <param name="RequestIds">Requests refused; the rest of the ask is in flight.</param>
    /// <param name="RetryAfter">Not to be asked again before this has passed.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Refused(PeerKey Peer, IReadOnlyList<ulong> RequestIds, TimeSpan RetryAfter, RefusalReason Reason) : RangeEvent;

    /// <summary>Outcomes of requests, in any order; unknown and repeated ones are ignored.</summary>
    /// <param name="Items">The outcomes.</param>
    public sealed record Replied(IReadOnlyList<FetchReply> Items) : RangeEvent;

    /// <summary>The quarantine's answers to a batch of promotions.</summary>
    /// <param name="Items">The answers.</param>
    public sealed record PromoteAnswered(IReadOnlyList<PromoteReply> Items) : RangeEvent;

    /// <summary>Blocks that are durable now, or that the store refused.</summary>
    /// <param name="Items">The acknowledgements.</param>
    public sealed record Acknowledged(IReadOnlyList<StoreAck> Items) : RangeEvent;

    /// <summary>Canonical blocks became durable by other means than this range (another range, an import, gossip).</summary>
    /// <remarks>Trust enters an island at its top only: one whose top lies above the cursor is of no use and ignored. Clip it to
    /// the range, and to the cursor where that lies inside, by asking the store.</remarks>
    /// <param name="Island">What is there.</param>
    public sealed record IslandStored(Island Island) : RangeEvent;

    /// <summary>Headers link heights below the cursor to the anchor: their hashes are trusted as the anchor is.</summary>
    /// <remarks>The core keeps what lies within <see cref="KnownHashes.AheadMax"/> of its window and forgets the rest.</remarks>
    /// <param name="Top">Highest height.</param>
    /// <param name="Hashes">Hashes from there downwards, without gaps.</param>
    public sealed record HashesKnown(ulong Top, IReadOnlyList<Hash32> Hashes) : RangeEvent;

    /// <summary>Heights another range fetches: not to be asked for until released.</summary>
    /// <param name="Ranges">The whole set, replacing the one before.</param>
    public sealed record Withheld(IReadOnlyList<BlockRange> Ranges) : RangeEvent;

    /// <summary>The store stopped or resumed taking blocks.</summary>
    /// <param name="Reason">Words for a person, or null when it takes blocks again.</param>
    public sealed record StoreState(string? Reason) : RangeEvent;

    /// <summary>The owner pauses or resumes the range. Paused, nothing new is asked; what arrives is still used.</summary>
    /// <param name="On">True to pause.</param>
    public sealed record Pause(bool On) : RangeEvent;

    /// <summary>What the range may ask for changed; it never exceeds its own options. What lies in memory already may stay.</summary>
    /// <param name="Share">Its part of what all ranges of the silo may hold.</param>
    public sealed record Room(WindowShare Share) : RangeEvent;

    /// <summary>Another peer is to be asked first for everything, while it answers.</summary>
    /// <param name="Peer">That peer.</param>
    public sealed record Preferred(PeerKey Peer) : RangeEvent;

    /// <summary>The range ends by itself at this time, unless it has ended before.</summary>
    /// <param name="At">Monotonic time; <see cref="TimeSpan.MaxValue"/> for never.</param>
    public sealed record Deadline(TimeSpan At) : RangeEvent;

    /// <summary>The owner ends the range: it cancels, or a deadline passed.</summary>
    /// <param name="Result"><see cref="RangeResult.Cancelled"/> or <see cref="RangeResult.DeadlinePassed"/>.</param>
    public sealed record Cancel(RangeResult Result = RangeResult.Cancelled) : RangeEvent;
}
