namespace OpSync.Contracts.Peers;

/// <summary>One height to ask for.</summary>
/// <param name="RequestId">Unique within the range's generation.</param>
/// <param name="Number">Height.</param>
/// <param name="Urgent">May use the reserve of the byte budget.</param>
/// <param name="SizeExpected">Bytes to reserve before the request is sent.</param>
[GenerateSerializer, Immutable, Alias("opsync.fetch-item")]
public readonly record struct FetchItem(
    [property: Id(0)] ulong RequestId,
    [property: Id(1)] ulong Number,
    [property: Id(2)] bool Urgent,
    [property: Id(3)] int SizeExpected);
