using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

/// <summary>A piece of the window, given by one peer. Depths <c>[From, To)</c> below the anchor.</summary>
internal sealed class Segment(long from, long to)
{
    public long From { get; set; } = from;

    public long To { get; set; } = to;

    public int Count => (int)(To - From);

    /// <summary>Requests open for it.</summary>
    public int Open { get; set; }

    /// <summary>Whom it was asked of last.</summary>
    public PeerKey Asker { get; set; }

    /// <summary>Since when; meaningful while <see cref="Open"/> is not zero.</summary>
    public TimeSpan AskedAt { get; set; }

    /// <summary>The headers, once they are here.</summary>
    public HeaderRun? Run { get; set; }

    /// <summary>Who gave them.</summary>
    public PeerKey Owner { get; set; }

    /// <summary>True if the headers hang on a hash that was verified before, though not yet on the part above.</summary>
    public bool IsVerified { get; set; }

    /// <summary>Peers that failed to give it in this round.</summary>
    public HashSet<PeerKey> Tried { get; } = [];

    /// <summary>Rounds in which nobody gave it.</summary>
    public int Rounds { get; set; }

    /// <summary>Not to be asked for before this time.</summary>
    public TimeSpan Due { get; set; }

    public bool IsWanted => Run is null && Open == 0;
}
