namespace OpSync.Silo.Storing;

/// <summary>What the silo's store writer has done. Written by the writer, read by anyone.</summary>
public sealed class StoreWriterFigures
{
    /// <summary>Commits so far.</summary>
    public long Commits { get; internal set; }

    /// <summary>Blocks made durable so far.</summary>
    public long Blocks { get; internal set; }

    /// <summary>Wall clock of the first commit's end.</summary>
    public DateTimeOffset? FirstCommitAt { get; internal set; }
}
