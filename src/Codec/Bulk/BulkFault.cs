namespace OpSync.Codec.Bulk;

/// <summary>What is wrong with the bytes of a bulk answer.</summary>
public enum BulkFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The bytes end too early: a lost connection, not a lie.</summary>
    Truncated,

    /// <summary>A code, an end code or a flag that does not exist.</summary>
    BadCode,

    /// <summary>An item is longer than its format allows.</summary>
    TooLarge,

    /// <summary>More items than were asked for.</summary>
    TooMany,

    /// <summary>Bytes follow the end.</summary>
    TrailingBytes,

    /// <summary>An item is no block header.</summary>
    BadHeader,

    /// <summary>An item has another number than its place demands.</summary>
    WrongNumber,

    /// <summary>A header is not the one that the request or the header above names by its hash.</summary>
    WrongHash,

    /// <summary>A success without a single item, or a list that breaks its order.</summary>
    Senseless,
}

/// <summary>What follows from a fault.</summary>
public static class BulkFaults
{
    /// <summary>True if only the sender can have caused it: everything but a cut.</summary>
    public static bool IsMalformed(this BulkFault fault) => fault is not (BulkFault.None or BulkFault.Truncated);
}
