using OpSync.Codec.Primitives;

namespace OpSync.Sync.Headers;

/// <summary>A snapshot of a skeleton.</summary>
/// <param name="Tail">The lowest block that headers have linked to the anchor, or that the range linked itself.</param>
/// <param name="Linked">Headers verified and used since the start.</param>
/// <param name="Waiting">Headers that arrived and do not hang on the verified part yet.</param>
/// <param name="InFlight">Requests open.</param>
/// <param name="Sources">Peers that give headers.</param>
/// <param name="Segments">Pieces of the window.</param>
public sealed record SkeletonStatus(BlockId Tail, long Linked, int Waiting, int InFlight, int Sources, int Segments);
