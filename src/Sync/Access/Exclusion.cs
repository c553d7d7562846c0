namespace OpSync.Sync.Access;

/// <summary>A peer or a network in an <see cref="AccessBook"/>.</summary>
/// <param name="Subject">Peer id or network, as text.</param>
/// <param name="IsPeer">Which of the two.</param>
/// <param name="Until">When it ends; null for until further notice.</param>
/// <param name="From">Addresses kept out on account of a peer.</param>
/// <param name="ByOperator">False for a ban.</param>
/// <param name="Version">Version of the book that brought it.</param>
/// <param name="Sequence">Number of the notice that told it; 0 for a network.</param>
public sealed record Exclusion(
    string Subject, bool IsPeer, DateTimeOffset? Until, IReadOnlyList<string> From, bool ByOperator, long Version = 0, long Sequence = 0)
{
    /// <summary>Whether its end has come.</summary>
    public bool HasEnded(DateTimeOffset now) => Until <= now;

    /// <summary>Whether another one says the same to those who obey it.</summary>
    public bool SaysTheSame(Exclusion other) =>
        Until == other.Until && ByOperator == other.ByOperator && From.SequenceEqual(other.From, StringComparer.Ordinal);
}
