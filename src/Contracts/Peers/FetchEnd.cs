namespace OpSync.Contracts.Peers;

/// <summary>One ended request.</summary>
/// <param name="Verdict">How it ended.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Elapsed">From opening the stream to the end of the answer.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-end")]
public readonly record struct FetchEnd(
    [property: Id(0)] FetchVerdict Verdict,
    [property: Id(1)] int Bytes,
    [property: Id(2)] TimeSpan Elapsed);
