using OpSync.Codec.Primitives;
using OpSync.Contracts.Ranges;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Grains.State;

/// <summary>What a range's grain persists: the target first of all. What is done is in the store, not here.</summary>
internal sealed class RangeDocument
{
    /// <summary>Schema version.</summary>
    public const int CurrentVersion = 1;

    public ulong First { get; set; }

    public ulong Last { get; set; }

    public ulong AnchorNumber { get; set; }

    public string AnchorHash { get; set; } = "";

    public TrustRank AnchorRank { get; set; }

    public ulong? LowerNumber { get; set; }

    public string? LowerHash { get; set; }

    public string? PreferredPeer { get; set; }

    public DateTimeOffset? Deadline { get; set; }

    public RangeState State { get; set; }

    /// <summary>Why it ended, if not complete, or with what reservation: for people. Empty for one that is complete and canonical.</summary>
    public string EndText { get; set; } = "";

    /// <summary>Heights that were durable when it ended.</summary>
    public ulong Stored { get; set; }

    /// <summary>Its priority when it ended.</summary>
    public int Priority { get; set; }

    /// <summary>Bytes received when it ended.</summary>
    public long Bytes { get; set; }

    /// <summary>Who had given what when it ended, the most bytes first: as many as <see cref="RangeStatus.Shares"/> names.</summary>
    public List<ShareEntry> Shares { get; set; } = [];

    /// <summary>Evidence of disagreement when it ended, newest last: as much as a report shows.</summary>
    public List<ContradictionEntry> Contradictions { get; set; } = [];

    /// <summary>Epoch of the latest activation; raised by conditional write before its first request.</summary>
    public long Generation { get; set; }

    /// <summary>Boundaries that headers have linked to the anchor: where to go on after a restart.</summary>
    public List<MarkEntry> Marks { get; set; } = [];

    public BlockId[] ToMarks() => [.. Marks.Select(m => new BlockId(m.Number, Hash32.Parse(m.Hash)))];

    public RangeTarget ToTarget() => new(
        new BlockRange(First, Last),
        new Anchor(AnchorNumber, Hash32.Parse(AnchorHash), AnchorRank),
        LowerNumber is { } number && LowerHash is { } hash ? new BlockId(number, Hash32.Parse(hash)) : null,
        PreferredPeer is { } peer ? new PeerKey(peer) : null);

    public static RangeDocument From(RangeOrder order) => new()
    {
        First = order.First,
        Last = order.Last,
        AnchorNumber = order.Anchor.Number,
        AnchorHash = order.Anchor.Hash.ToString(),
        AnchorRank = (TrustRank)order.AnchorRank,
        LowerNumber = order.LowerLink?.Number,
        LowerHash = order.LowerLink?.Hash.ToString(),
        PreferredPeer = order.PreferredPeer,
        Deadline = order.Deadline,
        State = RangeState.Running,
    };

    /// <summary>What one peer gave.</summary>
    internal sealed class ShareEntry
    {
        public string PeerId { get; set; } = "";

        public long Blocks { get; set; }

        public long Bytes { get; set; }

        public static ShareEntry From(PeerShare share) => new() { PeerId = share.Peer.Value, Blocks = share.Blocks, Bytes = share.Bytes };

        public PeerShareInfo ToInfo() => new(PeerId, Blocks, Bytes);
    }

    /// <summary>Two hashes for one height, and who named the other one.</summary>
    internal sealed class ContradictionEntry
    {
        public ulong Number { get; set; }

        public string Expected { get; set; } = "";

        public string Found { get; set; } = "";

        public string Source { get; set; } = "";

        public static ContradictionEntry From(ContradictionInfo info) =>
            new() { Number = info.Number, Expected = info.Expected.ToString(), Found = info.Found.ToString(), Source = info.Source };

        public ContradictionInfo ToInfo() => new(Number, Hash32.Parse(Expected), Hash32.Parse(Found), Source);
    }

    /// <summary>One boundary.</summary>
    internal sealed class MarkEntry
    {
        public ulong Number { get; set; }

        public string Hash { get; set; } = "";
    }
}
