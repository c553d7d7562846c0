using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>What is known of one height of the window.</summary>
internal enum SlotState : byte
{
    /// <summary>No block of this height is known.</summary>
    Open = 0,

    /// <summary>One or more candidates lie in quarantine; which of them is right is not decided yet.</summary>
    Held,

    /// <summary>The right block is known and was promoted; the store has not acknowledged it.</summary>
    Linked,

    /// <summary>The right hash is known, but the quarantine lost the block: to be fetched again.</summary>
    Lost,

    /// <summary>Durable. Only waits for its neighbours above, so that the window can slide.</summary>
    Durable,
}

/// <summary>A block in quarantine and who sent it.</summary>
internal struct Candidate
{
    /// <summary>Senders remembered per candidate. More than these are not charged should the block prove wrong.</summary>
    public const int SendersMax = 8;

    public Hash32 Hash;
    public Hash32 Parent;
    public int Size;
    public PeerKey Sender;
    public List<PeerKey>? OtherSenders;

    public static Candidate Of(in BlockRecord block, PeerKey sender) =>
        new() { Hash = block.Hash, Parent = block.ParentHash, Size = block.Size, Sender = sender };

    /// <summary>True if nobody else sent it.</summary>
    public readonly bool IsWordOf(PeerKey peer) => Sender == peer && OtherSenders is not { Count: > 0 };

    public void AddSender(PeerKey peer)
    {
        if (Sender == peer) return;
        OtherSenders ??= [];
        if (OtherSenders.Count < SendersMax - 1 && !OtherSenders.Contains(peer)) OtherSenders.Add(peer);
    }
}

/// <summary>The state of one height.</summary>
internal struct Slot
{
    /// <summary>Blocks with different hashes kept for one height before it is decided.</summary>
    public const int CandidatesMax = 4;

    public SlotState State;

    /// <summary>Another range fetches it, or the store is known to hold it: not to be asked for.</summary>
    public bool Barred;

    /// <summary>The right block came once more after it was promoted: quarantine may hold a copy that nobody will promote.</summary>
    public bool HasCopy;

    /// <summary>Requests open for this height.</summary>
    public byte Flights;

    /// <summary>Of these, how many are not counted upon.</summary>
    public byte WrittenOff;

    private int _newestFlight;

    /// <summary>How often every peer failed to give it; at most <see cref="RangeSync.BackoffStepsMax"/>.</summary>
    public byte Rounds;

    /// <summary>While linked: when to promote again. While parked: when to ask again.</summary>
    public TimeSpan Due;

    /// <summary>The candidate; once linked, the right block.</summary>
    public Candidate First;

    /// <summary>Place of the request made last for this height, if any is open; else -1.</summary>
    public int NewestFlight
    {
        readonly get => _newestFlight - 1;
        set => _newestFlight = value + 1;
    }

    /// <summary>Further candidates while held: rare, so not in line.</summary>
    public List<Candidate>? Others;
}
