using System.Buffers.Binary;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Bulk;

/// <summary>An answer of headers, checked: numbers without gaps downwards, each header the one that the header above names.</summary>
/// <remarks>What is proven: the headers hang together, and on the hash asked for if there was one. Whether the first of an answer
/// without such a hash is on the chain is for others to find.</remarks>
public sealed record HeadersReply
{
    private HeadersReply()
    {
    }

    /// <summary>Result code. Other than success, nothing but <see cref="RetryAfter"/> follows.</summary>
    public BulkCode Code { get; private init; }

    /// <summary>Hashes from the height asked for downwards; one or more for a success.</summary>
    public Hash32[] Hashes { get; private init; } = [];

    /// <summary>Parent hash of the lowest header.</summary>
    public Hash32 BottomParent { get; private init; }

    /// <summary>Why it ends there.</summary>
    public BulkEnd End { get; private init; }

    /// <summary>When to ask again; zero if not said.</summary>
    public TimeSpan RetryAfter { get; private init; }

    /// <summary>Checks an answer. Never throws for what is in the bytes.</summary>
    /// <param name="source">The whole answer.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="reply">The answer, where there is no fault.</param>
    public static BulkFault Read(ReadOnlySpan<byte> source, in HeadersRequest request, out HeadersReply? reply)
    {
        reply = null;
        BulkFault fault = BulkAnswer.ReadCode(source, out BulkCode code, out TimeSpan retryAfter);
        if (fault != BulkFault.None) return fault;
        if (code != BulkCode.Success)
        {
            reply = new HeadersReply { Code = code, RetryAfter = retryAfter };
            return BulkFault.None;
        }

        source = source[1..];
        List<Hash32> hashes = new(request.Count);
        Hash32? expected = request.Hash;
        while (true)
        {
            if (source.Length < 2) return BulkFault.Truncated;
            int length = BinaryPrimitives.ReadUInt16LittleEndian(source);
            source = source[2..];
            if (length == 0) break;
            if (length > BlockHeaderView.SizeMax) return BulkFault.TooLarge;
            if (hashes.Count == request.Count) return BulkFault.TooMany;
            if (source.Length < length) return BulkFault.Truncated;
            if (!HeaderFacts.TryRead(source[..length], out HeaderFacts facts)) return BulkFault.BadHeader;
            if ((ulong)hashes.Count > request.Number || facts.Number != request.Number - (ulong)hashes.Count) return BulkFault.WrongNumber;
            if (expected is { } hash && hash != facts.Hash) return BulkFault.WrongHash;
            hashes.Add(facts.Hash);
            expected = facts.ParentHash;
            source = source[length..];
        }

        fault = BulkAnswer.ReadEnd(source, out BulkEnd end, out retryAfter);
        if (fault != BulkFault.None) return fault;
        if (hashes.Count == 0) return BulkFault.Senseless;
        reply = new HeadersReply { Hashes = [.. hashes], BottomParent = expected!.Value, End = end, RetryAfter = retryAfter };
        return BulkFault.None;
    }
}
