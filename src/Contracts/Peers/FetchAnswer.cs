namespace OpSync.Contracts.Peers;

/// <summary>How many items of a <see cref="FetchOrder"/> were taken, from its start.</summary>
/// <param name="Taken">Number of items in flight now; the rest is refused.</param>
/// <param name="RetryAfter">Not to be asked again before this has passed; zero if all were taken.</param>
/// <param name="Reason">Why the rest was refused.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-answer")]
public sealed record FetchAnswer(
    [property: Id(0)] int Taken,
    [property: Id(1)] TimeSpan RetryAfter,
    [property: Id(2)] FetchRefusal Reason);
