using System.Buffers.Binary;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Bulk;

/// <summary>Asks for headers from a height down.</summary>
/// <param name="Number">Height of the first header.</param>
/// <param name="Hash">Hash it must have, or null for the canonical one.</param>
/// <param name="Count">Headers wanted, 1 to <see cref="CountMax"/>.</param>
/// <param name="BytesMax">Bytes of the answer at most; at least one header is sent.</param>
public readonly record struct HeadersRequest(ulong Number, Hash32? Hash, int Count, int BytesMax)
{
    /// <summary>Bytes on the wire: number, hash or zeros, count (2), bytes (4).</summary>
    public const int Size = 8 + Hash32.Size + 2 + 4;

    /// <summary>Headers in one answer at most.</summary>
    public const int CountMax = 1_024;

    /// <summary>Writes the request.</summary>
    /// <param name="target">Room for <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Number);
        (Hash ?? default).Bytes.CopyTo(target[8..]);
        BinaryPrimitives.WriteUInt16LittleEndian(target[40..], (ushort)Count);
        BinaryPrimitives.WriteInt32LittleEndian(target[42..], BytesMax);
    }

    /// <summary>Reads a request.</summary>
    /// <returns>False if it is too short or asks for nothing or too much.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out HeadersRequest request)
    {
        request = default;
        if (source.Length < Size) return false;
        Hash32 hash = new(source.Slice(8, Hash32.Size));
        request = new HeadersRequest(
            BinaryPrimitives.ReadUInt64LittleEndian(source),
            hash == default ? null : hash,
            BinaryPrimitives.ReadUInt16LittleEndian(source[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[42..]));
        return request.Count is >= 1 and <= CountMax && request.BytesMax >= 0;
    }
}
