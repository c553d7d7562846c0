using OpSync.Codec.Bulk;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;

namespace OpSync.Silo.Fetching;

/// <summary>A block of a span, or the end of its answer.</summary>
/// <param name="Wire">The block as a response of payload_by_number; null at the end.</param>
/// <param name="FirstByteAfter">From the beginning of the request to the block's first byte, as far as the peer was waited for.</param>
/// <param name="Elapsed">The same to its last byte.</param>
/// <param name="Next">At the end: what becomes of the block whose turn it was. Null: it is asked for by itself.</param>
/// <param name="Others">At the end: what becomes of the blocks behind that one. Null: each is asked for by itself.</param>
internal readonly record struct SpanPart(
    PooledResponse? Wire, TimeSpan FirstByteAfter, TimeSpan Elapsed, FetchVerdict? Next = null, FetchVerdict? Others = null)
{
    /// <summary>The bytes are no answer: blame falls on the block they stand for, and on no other.</summary>
    public static readonly SpanPart Malformed = End(FetchVerdict.Malformed, FetchVerdict.Failed);

    /// <summary>An end that says the same of all blocks left.</summary>
    public static SpanPart EndAll(FetchVerdict? verdict) => End(verdict, verdict);

    /// <summary>What the peer said, at the end or instead of an answer.</summary>
    public static SpanPart Of(BulkCode code, BulkEnd end) => (code, end) switch
    {
        // What is said of the first that is missing says nothing of those behind it.
        (BulkCode.NotFound, _) or (BulkCode.Success, BulkEnd.NotFound) => End(FetchVerdict.NotFound, null),

        // A refusal counts once, however many blocks it is for.
        (BulkCode.RateLimited, _) or (BulkCode.Success, BulkEnd.RateLimited) => End(FetchVerdict.RateLimited, FetchVerdict.Failed),
        (BulkCode.Failed, _) or (BulkCode.Success, BulkEnd.Failed) => EndAll(FetchVerdict.Failed),

        // Ended at a limit, or said to be complete when it is not, or not understood: the other protocol will tell.
        _ => EndAll(null),
    };

    private static SpanPart End(FetchVerdict? next, FetchVerdict? others) => new(null, default, default, next, others);
}
