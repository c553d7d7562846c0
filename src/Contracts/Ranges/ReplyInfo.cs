using OpSync.Codec.Primitives;
using OpSync.Contracts.Peers;

namespace OpSync.Contracts.Ranges;

/// <summary>One outcome. The block's fields count for <see cref="FetchVerdict.Good"/> only.</summary>
/// <param name="RequestId">As given in the order.</param>
/// <param name="PeerId">Who was asked.</param>
/// <param name="Number">Height asked for.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Hash">Recomputed block hash.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
/// <param name="Size">Bytes the payload occupies in quarantine.</param>
[GenerateSerializer, Immutable, Alias("opsync.reply")]
public readonly record struct ReplyInfo(
    [property: Id(0)] ulong RequestId,
    [property: Id(1)] string PeerId,
    [property: Id(2)] ulong Number,
    [property: Id(3)] FetchVerdict Verdict,
    [property: Id(4)] Hash32 Hash,
    [property: Id(5)] Hash32 ParentHash,
    [property: Id(6)] ulong Timestamp,
    [property: Id(7)] int Size);
