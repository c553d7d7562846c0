namespace OpSync.Contracts.Peers;

/// <summary>One ended request.</summary>
/// <param name="Verdict">How it ended.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="Elapsed">From opening the stream to the end of the answer, without what was spent waiting for room of our own.</param>
/// <param name="FirstByteAfter">From opening the stream to the first byte of the answer; zero if none came.</param>
/// <param name="Late">It was reported as timed out before; this is what came of it then.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-end")]
public readonly record struct FetchEnd(
    [property: Id(0)] FetchVerdict Verdict,
    [property: Id(1)] int Bytes,
    [property: Id(2)] TimeSpan Elapsed,
    [property: Id(3)] TimeSpan FirstByteAfter = default,
    [property: Id(4)] bool Late = false);
