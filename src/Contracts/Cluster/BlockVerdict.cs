namespace OpSync.Contracts.Cluster;

/// <summary>What came of the wish to keep a network out.</summary>
public enum BlockVerdict : byte
{
    /// <summary>It is kept out, and that is durable.</summary>
    Done = 0,

    /// <summary>As many networks as are kept track of are blocked already.</summary>
    Full = 1,

    /// <summary>The text is no network.</summary>
    Malformed = 2,
}
