using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Peers;

/// <summary>A range asks a peer for headers, from a height down.</summary>
/// <param name="Range">Who asks; the outcome goes there.</param>
/// <param name="RequestId">Unique within the range's generation.</param>
/// <param name="Number">Height of the first header.</param>
/// <param name="Hash">Hash it must have, or null if that is not known.</param>
/// <param name="Count">Headers wanted, 1 to 1,024.</param>
[GenerateSerializer, Immutable, Alias("opsync.header-order")]
public sealed record HeaderOrder(
    [property: Id(0)] RangeTag Range,
    [property: Id(1)] ulong RequestId,
    [property: Id(2)] ulong Number,
    [property: Id(3)] Hash32? Hash,
    [property: Id(4)] int Count);
