using OpSync.Codec.Primitives;
using OpSync.Contracts.Peers;

namespace OpSync.Contracts.Ranges;

/// <summary>How a request for headers ended. The hashes are those of headers that were checked to hang together; about 16 kB for a
/// batch of 512.</summary>
/// <param name="Generation">Generation that asked.</param>
/// <param name="RequestId">As given in the order.</param>
/// <param name="PeerId">Who was asked.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Hashes">From the height asked for downwards; empty unless the verdict is good.</param>
/// <param name="BottomParent">Hash of the block below the lowest.</param>
/// <param name="HasMore">True if the peer stopped at a limit.</param>
/// <param name="RetryAfter">Not to be asked again before this has passed.</param>
[GenerateSerializer, Immutable, Alias("opsync.headers")]
public sealed record HeaderDelivery(
    [property: Id(0)] long Generation,
    [property: Id(1)] ulong RequestId,
    [property: Id(2)] string PeerId,
    [property: Id(3)] FetchVerdict Verdict,
    [property: Id(4)] Hash32[] Hashes,
    [property: Id(5)] Hash32 BottomParent,
    [property: Id(6)] bool HasMore,
    [property: Id(7)] TimeSpan RetryAfter);
