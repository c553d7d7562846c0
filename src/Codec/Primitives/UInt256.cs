using System.Buffers.Binary;
using System.Numerics;

namespace OpSync.Codec.Primitives;

/// <summary>An unsigned 256-bit integer, as far as block fields need one: read, write, compare, print.</summary>
/// <param name="U0">Lowest 64 bits.</param>
/// <param name="U1">Bits 64 to 127.</param>
/// <param name="U2">Bits 128 to 191.</param>
/// <param name="U3">Highest 64 bits.</param>
public readonly record struct UInt256(ulong U0, ulong U1, ulong U2, ulong U3) : IComparable<UInt256>
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 32;

    /// <summary>Reads 32 little-endian bytes, the form of SSZ.</summary>
    public static UInt256 ReadLittleEndian(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source),
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));

    /// <summary>Reads up to 32 big-endian bytes; none is zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than 32 bytes.</exception>
    public static UInt256 ReadBigEndian(ReadOnlySpan<byte> source)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, Size);
        Span<byte> bytes = stackalloc byte[Size];
        bytes.Clear();
        source.CopyTo(bytes[(Size - source.Length)..]);
        return new UInt256(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }

    /// <summary>Writes 32 little-endian bytes.</summary>
    public void WriteLittleEndian(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, U0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], U1);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], U2);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], U3);
    }

    /// <summary>Writes 32 big-endian bytes and returns how many of them are leading zeros: RLP leaves those out.</summary>
    public int WriteBigEndian(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, U3);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], U2);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], U1);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], U0);
        int zeros = target[..Size].IndexOfAnyExcept((byte)0);
        return zeros < 0 ? Size : zeros;
    }

    /// <summary>The sum, or the largest number where it does not fit.</summary>
    public static UInt256 AddSaturated(in UInt256 left, in UInt256 right)
    {
        UInt128 low = (UInt128)left.U0 + right.U0;
        UInt128 second = (UInt128)left.U1 + right.U1 + (low >> 64);
        UInt128 third = (UInt128)left.U2 + right.U2 + (second >> 64);
        UInt128 high = (UInt128)left.U3 + right.U3 + (third >> 64);
        return high >> 64 == 0
            ? new UInt256((ulong)low, (ulong)second, (ulong)third, (ulong)high)
            : new UInt256(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);
    }

    /// <inheritdoc/>
    public int CompareTo(UInt256 other) => (U3, U2, U1, U0).CompareTo((other.U3, other.U2, other.U1, other.U0));

    /// <summary>The same number.</summary>
    public static implicit operator UInt256(ulong value) => new(value, 0, 0, 0);

    /// <summary>Decimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        WriteLittleEndian(bytes);
        return new BigInteger(bytes, isUnsigned: true).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
