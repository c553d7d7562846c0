using System.Buffers.Binary;

namespace OpSync.Codec.Bulk;

/// <summary>The parts that the answers of all bulk protocols share.</summary>
public static class BulkAnswer
{
    /// <summary>A time to come back that is longer than this counts as this: nobody is kept away for long by another's word.</summary>
    public static readonly TimeSpan RetryAfterMax = TimeSpan.FromMinutes(1);

    /// <summary>A whole answer that refuses.</summary>
    public static byte[] Refuse(BulkCode code, TimeSpan retryAfter = default)
    {
        byte[] answer = new byte[BulkProtocols.RefusalSize];
        answer[0] = (byte)code;
        BinaryPrimitives.WriteUInt32LittleEndian(answer.AsSpan(1), ToMilliseconds(retryAfter));
        return answer;
    }

    /// <summary>Writes an end code and its milliseconds.</summary>
    public static void WriteEnd(BulkEnd end, TimeSpan retryAfter, Span<byte> target)
    {
        target[0] = (byte)end;
        BinaryPrimitives.WriteUInt32LittleEndian(target[1..], ToMilliseconds(retryAfter));
    }

    /// <summary>Reads the code of an answer and, of a refusal, all of it.</summary>
    /// <param name="source">The whole answer.</param>
    /// <param name="code">The code.</param>
    /// <param name="retryAfter">When to come back; zero if not said.</param>
    public static BulkFault ReadCode(ReadOnlySpan<byte> source, out BulkCode code, out TimeSpan retryAfter)
    {
        code = default;
        retryAfter = default;
        if (source.IsEmpty) return BulkFault.Truncated;
        code = (BulkCode)source[0];
        if (code == BulkCode.Success) return BulkFault.None;
        if (code > BulkCode.RateLimited) return BulkFault.BadCode;
        if (source.Length < BulkProtocols.RefusalSize) return BulkFault.Truncated;
        if (source.Length > BulkProtocols.RefusalSize) return BulkFault.TrailingBytes;
        retryAfter = ReadMilliseconds(source[1..]);
        return BulkFault.None;
    }

    /// <summary>Reads the end, which nothing may follow.</summary>
    public static BulkFault ReadEnd(ReadOnlySpan<byte> source, out BulkEnd end, out TimeSpan retryAfter)
    {
        end = default;
        retryAfter = default;
        if (source.Length < BulkProtocols.EndSize) return BulkFault.Truncated;
        if (source.Length > BulkProtocols.EndSize) return BulkFault.TrailingBytes;
        end = (BulkEnd)source[0];
        if (end > BulkEnd.Failed) return BulkFault.BadCode;
        retryAfter = ReadMilliseconds(source[1..]);
        return BulkFault.None;
    }

    private static uint ToMilliseconds(TimeSpan time) => (uint)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, RetryAfterMax.TotalMilliseconds);

    /// <summary>Reads a time to come back, which counts for <see cref="RetryAfterMax"/> at most.</summary>
    internal static TimeSpan ReadMilliseconds(ReadOnlySpan<byte> source)
    {
        TimeSpan time = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32LittleEndian(source));
        return time > RetryAfterMax ? RetryAfterMax : time;
    }
}
