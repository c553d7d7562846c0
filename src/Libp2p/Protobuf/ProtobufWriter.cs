using System.Buffers;
using System.Text;

namespace OpSync.Libp2p.Protobuf;

/// <summary>Appends protobuf fields to a buffer. Fields written in ascending order give the canonical encoding.</summary>
public readonly struct ProtobufWriter(IBufferWriter<byte> target)
{
    /// <summary>Writes a number, also 0: an optional field that is present stays present.</summary>
    public void WriteVarint(int field, ulong value)
    {
        Span<byte> span = target.GetSpan(2 * Uvarint.SizeMax);
        int size = Uvarint.Write(span, Tag(field, WireType.Varint));
        target.Advance(size + Uvarint.Write(span[size..], value));
    }

    /// <summary>Writes bytes or an already encoded message.</summary>
    public void WriteBytes(int field, ReadOnlySpan<byte> value)
    {
        Span<byte> span = target.GetSpan((2 * Uvarint.SizeMax) + value.Length);
        int size = Uvarint.Write(span, Tag(field, WireType.Bytes));
        size += Uvarint.Write(span[size..], (ulong)value.Length);
        value.CopyTo(span[size..]);
        target.Advance(size + value.Length);
    }

    /// <summary>Writes text as UTF-8.</summary>
    public void WriteString(int field, string value) => WriteBytes(field, Encoding.UTF8.GetBytes(value));

    private static ulong Tag(int field, WireType wire) => ((ulong)field << 3) | (ulong)wire;
}
