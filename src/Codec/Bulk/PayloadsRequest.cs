using System.Buffers.Binary;

namespace OpSync.Codec.Bulk;

/// <summary>Asks for the payloads of consecutive heights, ascending.</summary>
/// <param name="First">Lowest height, included.</param>
/// <param name="Last">Highest height, included.</param>
/// <param name="BytesMax">Bytes of payloads at most; at least one is sent.</param>
public readonly record struct PayloadsRequest(ulong First, ulong Last, int BytesMax)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Size = 8 + 8 + 4;

    /// <summary>Heights in one request at most.</summary>
    public const int CountMax = 1_024;

    /// <summary>Heights asked for.</summary>
    public int Count => (int)(Last - First) + 1;

    /// <summary>Writes the request.</summary>
    /// <param name="target">Room for <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, First);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Last);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], BytesMax);
    }

    /// <summary>Reads a request.</summary>
    /// <returns>False if it is too short, upside down or asks for too much.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out PayloadsRequest request)
    {
        request = default;
        if (source.Length < Size) return false;
        request = new PayloadsRequest(
            BinaryPrimitives.ReadUInt64LittleEndian(source),
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[16..]));
        return request.First <= request.Last && request.Last - request.First < CountMax && request.BytesMax >= 0;
    }
}
