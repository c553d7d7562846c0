using System.Buffers;
using System.Numerics;

namespace OpSync.Codec.Varint;

/// <summary>Unsigned LEB128: seven bits per byte, the lowest first, the top bit set on all bytes but the last. Libp2p and
/// protobuf use it for lengths and tags. See multiformats/unsigned-varint.</summary>
public static class Uvarint
{
    /// <summary>Bytes of a 64-bit value at most.</summary>
    public const int SizeMax = 10;

    /// <summary>Bytes of the shortest form of <paramref name="value"/>, 1 to 10.</summary>
    public static int Size(ulong value) => (BitOperations.Log2(value | 1) + 7) / 7;

    /// <summary>Reads a value from the start of <paramref name="source"/>.</summary>
    /// <param name="source">The value and whatever follows it.</param>
    /// <param name="value">The value, 0 unless done.</param>
    /// <param name="size">Bytes the value takes, 0 unless done.</param>
    /// <param name="canonical">Refuses forms longer than needed, as the multiformats specification demands. Protobuf allows
    /// them.</param>
    /// <returns><see cref="OperationStatus.Done"/>, <see cref="OperationStatus.NeedMoreData"/> where the source ends inside the
    /// value, or <see cref="OperationStatus.InvalidData"/> for more than 64 bits or a form that is too long.</returns>
    public static OperationStatus Read(ReadOnlySpan<byte> source, out ulong value, out int size, bool canonical = true)
    {
        value = 0;
        size = 0;
        ulong bits = 0;
        for (int i = 0; i < SizeMax; i++)
        {
            if (i == source.Length) return OperationStatus.NeedMoreData;
            byte part = source[i];
            if (i == SizeMax - 1 && part > 1) return OperationStatus.InvalidData;   // 9 * 7 bits leave room for one
            bits |= (ulong)(part & 0x7f) << (7 * i);
            if (part >= 0x80) continue;
            if (canonical && part == 0 && i > 0) return OperationStatus.InvalidData;

            value = bits;
            size = i + 1;
            return OperationStatus.Done;
        }

        return OperationStatus.InvalidData;
    }

    /// <summary>Writes the shortest form of a value to the start of <paramref name="target"/>.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">Up to <see cref="SizeMax"/> bytes are needed.</param>
    /// <param name="written">Bytes written, 0 unless done.</param>
    /// <returns><see cref="OperationStatus.Done"/> or <see cref="OperationStatus.DestinationTooSmall"/>.</returns>
    public static OperationStatus Write(ulong value, Span<byte> target, out int written)
    {
        written = 0;
        int size = Size(value);
        if (target.Length < size) return OperationStatus.DestinationTooSmall;

        for (int i = 0; i < size - 1; i++, value >>= 7) target[i] = (byte)(value | 0x80);
        target[size - 1] = (byte)value;
        written = size;
        return OperationStatus.Done;
    }
}
