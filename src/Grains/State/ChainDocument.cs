using OpSync.Sync.Trust;

namespace OpSync.Grains.State;

/// <summary>What a chain's grain persists.</summary>
internal sealed class ChainDocument
{
    /// <summary>Schema version.</summary>
    public const int CurrentVersion = 1;

    public List<AnchorEntry> Anchors { get; set; } = [];

    public List<OpenRange> Ranges { get; set; } = [];

    public List<string> Peers { get; set; } = [];

    /// <summary>Those of <see cref="Peers"/> that are banned: they are woken when the silo starts, since only then it knows whom to
    /// refuse.</summary>
    public List<string> BannedPeers { get; set; } = [];

    /// <summary>Identities of the silos that serve the chain, or did, oldest first.</summary>
    public List<string> Silos { get; set; } = [];

    /// <summary>Epoch of the latest activation that commanded ranges.</summary>
    public long Epoch { get; set; }

    /// <summary>Ranges that ended, oldest first.</summary>
    public List<string> Ended { get; set; } = [];

    public sealed class AnchorEntry
    {
        public ulong Number { get; set; }

        public string Hash { get; set; } = "";

        public TrustRank Rank { get; set; }

        /// <summary>True once all that is stored below it has its rank.</summary>
        public bool Raised { get; set; }

        public bool Is(Anchor anchor) => Number == anchor.Number && Rank == anchor.Rank && Hash == anchor.Hash.ToString();
    }

    public sealed class OpenRange
    {
        public string Id { get; set; } = "";

        public int Priority { get; set; }

        public bool Paused { get; set; }

        public RangeDocument Target { get; set; } = new();
    }
}
