using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Ranges;

/// <summary>Two hashes for one height, and who named the other one.</summary>
/// <param name="Number">Height.</param>
/// <param name="Expected">Hash that descends from the range's anchor.</param>
/// <param name="Found">The other hash.</param>
/// <param name="Source">Who named it.</param>
[GenerateSerializer, Immutable, Alias("opsync.contradiction")]
public sealed record ContradictionInfo(
    [property: Id(0)] ulong Number,
    [property: Id(1)] Hash32 Expected,
    [property: Id(2)] Hash32 Found,
    [property: Id(3)] string Source);
