namespace OpSync.Sync.Trust;

/// <summary>What the book did with an anchor.</summary>
public enum AnchorVerdict
{
    /// <summary>New: it is an anchor now.</summary>
    Added,

    /// <summary>Known: the same hash stood there, whose rank is now the higher of the two.</summary>
    Confirmed,

    /// <summary>A higher rank replaced another hash of a lower one. A contradiction to be reported.</summary>
    Repointed,

    /// <summary>Refused: another hash of equal or higher rank stands there. A contradiction to be reported.</summary>
    Contradicted,

    /// <summary>Refused: as many anchors as are kept outrank it or lie above it.</summary>
    Full,
}
