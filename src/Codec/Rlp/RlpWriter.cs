using System.Buffers.Binary;
using System.Numerics;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Rlp;

/// <summary>Writes RLP items one after the other into a span that must be large enough (yellow paper, appendix B).</summary>
/// <remarks>A list is written as its header, with the size of its items known beforehand, and then the items.</remarks>
public ref struct RlpWriter(Span<byte> target)
{
    /// <summary>Largest header in bytes: lengths of this codec fit an <see cref="int"/>.</summary>
    public const int HeaderSizeMax = 5;

    private const byte StringBase = 0x80;
    private const byte ListBase = 0xc0;
    private const int ShortLengthMax = 55;

    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    /// <summary>Size of a header in front of a payload of this length, in bytes.</summary>
    public static int HeaderSize(int length) => length <= ShortLengthMax ? 1 : 1 + ByteCount((uint)length);

    /// <summary>Size of a byte string with its header.</summary>
    public static int StringSize(ReadOnlySpan<byte> value) => IsItsOwnItem(value) ? 1 : HeaderSize(value.Length) + value.Length;

    /// <summary>Size of an integer with its header.</summary>
    public static int UInt64Size(ulong value) => value < StringBase ? 1 : 1 + ByteCount(value);

    /// <summary>True for one byte below 0x80, which is its own item and has no header.</summary>
    public static bool IsItsOwnItem(ReadOnlySpan<byte> value) => value.Length == 1 && value[0] < StringBase;

    /// <summary>Writes a byte string.</summary>
    public void WriteString(scoped ReadOnlySpan<byte> value)
    {
        if (!IsItsOwnItem(value)) WriteHeader(value.Length, StringBase);
        WriteRaw(value);
    }

    /// <summary>Writes the header of a byte string whose bytes follow elsewhere.</summary>
    public void WriteStringHeader(int length) => WriteHeader(length, StringBase);

    /// <summary>Writes an unsigned integer: big-endian without leading zeros, zero as the empty string.</summary>
    public void WriteUInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        WriteString(bytes[(sizeof(ulong) - ByteCount(value))..]);
    }

    /// <summary>Writes an unsigned integer of up to 256 bits, in the same form.</summary>
    public void WriteUInt256(in UInt256 value)
    {
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        WriteString(bytes[value.WriteBigEndian(bytes)..]);
    }

    /// <summary>Writes the header of a list.</summary>
    /// <param name="length">Size of all its items with their headers.</param>
    public void WriteListHeader(int length) => WriteHeader(length, ListBase);

    /// <summary>Writes bytes that are RLP already.</summary>
    public void WriteRaw(scoped ReadOnlySpan<byte> items)
    {
        items.CopyTo(_target[Written..]);
        Written += items.Length;
    }

    /// <summary>Leaves room that the caller fills: the bytes of a string whose header was written.</summary>
    public Span<byte> Take(int length)
    {
        Span<byte> room = _target.Slice(Written, length);
        Written += length;
        return room;
    }

    private void WriteHeader(int length, byte shortBase)
    {
        if (length <= ShortLengthMax)
        {
            _target[Written++] = (byte)(shortBase + length);
            return;
        }

        int size = ByteCount((uint)length);
        _target[Written++] = (byte)(shortBase + ShortLengthMax + size);
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) _target[Written++] = (byte)(length >> shift);
    }

    private static int ByteCount(ulong value) => (64 - BitOperations.LeadingZeroCount(value) + 7) / 8;
}
