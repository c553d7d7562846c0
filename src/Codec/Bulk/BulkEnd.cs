namespace OpSync.Codec.Bulk;

/// <summary>Why a successful answer ends where it ends. "Not all of it" is always legal.</summary>
public enum BulkEnd : byte
{
    /// <summary>Everything asked for was sent.</summary>
    Complete = 0,

    /// <summary>A limit in bytes, items or time was reached: ask for the rest.</summary>
    Capped = 1,

    /// <summary>The next item is not held.</summary>
    NotFound = 2,

    /// <summary>The asker's rate is used up: ask for the rest after the milliseconds given.</summary>
    RateLimited = 3,

    /// <summary>The server failed in the middle.</summary>
    Failed = 4,
}
