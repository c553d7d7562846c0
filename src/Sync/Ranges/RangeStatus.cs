using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>A snapshot of a range for people and for the API.</summary>
public sealed record RangeStatus
{
    /// <summary>Heights wanted.</summary>
    public required BlockRange Range { get; init; }

    /// <summary>Heights of <see cref="Range"/> that are durable.</summary>
    public required ulong Stored { get; init; }

    /// <summary>Highest height not yet linked to the anchor; null when all are.</summary>
    public required ulong? Cursor { get; init; }

    /// <summary>The trusted hash of <see cref="Cursor"/>.</summary>
    public required Hash32 CursorHash { get; init; }

    /// <summary>Bytes expected of open requests. With <see cref="QuarantinedBytes"/> at most <see cref="RangeSyncOptions.WindowBytesMax"/> and
    /// one block of the largest size.</summary>
    public required long InFlightBytes { get; init; }

    /// <summary>Requests open.</summary>
    public required int InFlight { get; init; }

    /// <summary>Blocks in quarantine, linked or not, that are not yet durable.</summary>
    public required int Quarantined { get; init; }

    /// <summary>Those of them that wait for a block above them. They are fetched again if the process ends.</summary>
    public required int Unlinked { get; init; }

    /// <summary>Bytes of <see cref="Quarantined"/>.</summary>
    public required long QuarantinedBytes { get; init; }

    /// <summary>How it ended, if it did.</summary>
    public required RangeResult Result { get; init; }

    /// <summary>Why it does not move.</summary>
    public required StallReason Stall { get; init; }

    /// <summary>The same in words, naming heights, hashes and peers; empty if it moves. Of a range that ended otherwise than
    /// complete: why.</summary>
    public required string StallText { get; init; }

    /// <summary>Up to 16 heights that hold it up.</summary>
    public required IReadOnlyList<ulong> Missing { get; init; }

    /// <summary>Durable heights whose canonical entry is another block of equal or higher rank, which stays.</summary>
    public ulong NotCanonical { get; init; }

    /// <summary>Blocks that became durable per second, smoothed over the last seconds.</summary>
    public required double BlocksPerSecond { get; init; }

    /// <summary>Bytes of those blocks per second.</summary>
    public required double BytesPerSecond { get; init; }

    /// <summary>When it will probably be done.</summary>
    public required TimeLeft TimeLeft { get; init; }

    /// <summary>Who gave what, at most 16 peers, the most bytes first.</summary>
    public required IReadOnlyList<PeerShare> Shares { get; init; }

    /// <summary>Requests made since the activation, second copies included.</summary>
    public required long Requests { get; init; }

    /// <summary>Second copies of slow requests among them.</summary>
    public required long Copies { get; init; }
}
