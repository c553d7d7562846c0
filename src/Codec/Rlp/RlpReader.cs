using System.Buffers.Binary;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Rlp;

/// <summary>Reads RLP items one after the other from a borrowed span (Ethereum yellow paper, appendix B).</summary>
/// <remarks>Only the canonical form is accepted: the shortest header, no leading zeros in lengths and integers. The position
/// moves only when a read succeeds. Nothing is copied: strings and lists are views of the source.</remarks>
public ref struct RlpReader(ReadOnlySpan<byte> source)
{
    private const byte StringBase = 0x80;
    private const byte ListBase = 0xc0;
    private const int ShortLengthMax = 55;

    private ReadOnlySpan<byte> _rest = source;

    /// <summary>True when every item was read.</summary>
    public readonly bool IsEnd => _rest.IsEmpty;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads a byte string.</summary>
    /// <param name="value">A view of its bytes.</param>
    /// <param name="lengthMax">Longest string the caller takes, in bytes.</param>
    /// <returns>False when the next item is no string, is too long, not canonical or cut off, or when there is none.</returns>
    public bool TryReadString(out ReadOnlySpan<byte> value, int lengthMax = int.MaxValue)
    {
        if (!TrySplit(_rest, out bool isList, out value, out ReadOnlySpan<byte> rest) || isList || value.Length > lengthMax)
        {
            value = default;
            return false;
        }

        _rest = rest;
        return true;
    }

    /// <summary>Reads an unsigned integer of up to 64 bits.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        value = 0;
        if (!TrySplit(_rest, out bool isList, out ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> rest)) return false;
        if (isList || bytes.Length > sizeof(ulong) || (bytes.Length > 0 && bytes[0] == 0)) return false;
        foreach (byte b in bytes) value = value << 8 | b;
        _rest = rest;
        return true;
    }

    /// <summary>Reads an unsigned integer of up to 256 bits.</summary>
    public bool TryReadUInt256(out UInt256 value)
    {
        value = default;
        if (!TrySplit(_rest, out bool isList, out ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> rest)) return false;
        if (isList || bytes.Length > UInt256.Size || (bytes.Length > 0 && bytes[0] == 0)) return false;
        value = UInt256.ReadBigEndian(bytes);
        _rest = rest;
        return true;
    }

    /// <summary>Reads a list and gives a reader over its items.</summary>
    public bool TryReadList(out RlpReader items)
    {
        items = default;
        if (!TrySplit(_rest, out bool isList, out ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> rest) || !isList) return false;
        items = new RlpReader(payload);
        _rest = rest;
        return true;
    }

    private static bool TrySplit(
        ReadOnlySpan<byte> source, out bool isList, out ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> rest)
    {
        isList = false;
        payload = rest = default;
        if (source.IsEmpty) return false;

        byte first = source[0];
        if (first < StringBase)
        {
            payload = source[..1];
            rest = source[1..];
            return true;
        }

        isList = first >= ListBase;
        int code = first - (isList ? ListBase : StringBase);
        if (code <= ShortLengthMax)
        {
            if (code > source.Length - 1) return false;
            payload = source.Slice(1, code);
            rest = source[(1 + code)..];
            // A single byte below 0x80 stands for itself.
            return isList || code != 1 || payload[0] >= StringBase;
        }

        int lengthSize = code - ShortLengthMax;
        if (lengthSize > source.Length - 1 || source[1] == 0) return false;
        Span<byte> wide = stackalloc byte[sizeof(ulong)];
        wide.Clear();
        source.Slice(1, lengthSize).CopyTo(wide[(sizeof(ulong) - lengthSize)..]);
        ulong length = BinaryPrimitives.ReadUInt64BigEndian(wide);
        int start = 1 + lengthSize;
        if (length <= ShortLengthMax || length > (ulong)(source.Length - start)) return false;
        payload = source.Slice(start, (int)length);
        rest = source[(start + (int)length)..];
        return true;
    }
}
