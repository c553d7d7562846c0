using System.Buffers;
using System.Text;
using OpSync.Codec.Varint;

namespace OpSync.Libp2p.Protobuf;

/// <summary>Appends protobuf fields to a buffer. Fields written in ascending order give the canonical encoding.</summary>
public readonly struct ProtobufWriter(IBufferWriter<byte> target)
{
    /// <summary>Writes a number, also 0: an optional field that is present stays present.</summary>
    public void WriteVarint(int field, ulong value)
    {
        Span<byte> span = target.GetSpan(2 * Uvarint.SizeMax);
        Uvarint.Write(Tag(field, WireType.Varint), span, out int tag);
        Uvarint.Write(value, span[tag..], out int number);
        target.Advance(tag + number);
    }

    /// <summary>Writes bytes or an already encoded message.</summary>
    public void WriteBytes(int field, ReadOnlySpan<byte> value)
    {
        Span<byte> span = target.GetSpan((2 * Uvarint.SizeMax) + value.Length);
        Uvarint.Write(Tag(field, WireType.Bytes), span, out int tag);
        Uvarint.Write((ulong)value.Length, span[tag..], out int length);
        value.CopyTo(span[(tag + length)..]);
        target.Advance(tag + length + value.Length);
    }

    /// <summary>Writes text as UTF-8.</summary>
    public void WriteString(int field, string value) => WriteBytes(field, Encoding.UTF8.GetBytes(value));

    private static ulong Tag(int field, WireType wire) => ((ulong)field << 3) | (ulong)wire;
}
