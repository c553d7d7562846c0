namespace OpSync.Codec.Bulk;

/// <summary>First byte of an answer. The first four mean what they mean in payload_by_number.</summary>
public enum BulkCode : byte
{
    /// <summary>Items and an end code follow.</summary>
    Success = 0,

    /// <summary>The first item asked for is not held, or has another hash here.</summary>
    NotFound = 1,

    /// <summary>The request breaks a rule: a count of zero, a span upside down, a height out of bounds.</summary>
    InvalidRequest = 2,

    /// <summary>The server failed or is busy.</summary>
    Failed = 3,

    /// <summary>Refused for the asker's rate; the milliseconds say when to come back.</summary>
    RateLimited = 4,
}
