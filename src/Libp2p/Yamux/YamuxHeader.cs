using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;

namespace OpSync.Libp2p.Yamux;

/// <summary>The fixed 12-byte frame header, big-endian: version, type, flags, stream id, length (yamux spec, "Framing").</summary>
/// <param name="Type">What the frame is for.</param>
/// <param name="Flags">Stream life-cycle bits.</param>
/// <param name="StreamId">0 is the session itself; odd ids belong to the dialler, even ones to the listener.</param>
/// <param name="Length">Bytes that follow (data), window increment in bytes, ping value, or go-away code.</param>
public readonly record struct YamuxHeader(YamuxType Type, YamuxFlags Flags, uint StreamId, uint Length)
{
    /// <summary>Encoded size in bytes.</summary>
    public const int Size = 12;

    /// <summary>Reads one header from the start of <paramref name="source"/>.</summary>
    /// <param name="source">Received bytes.</param>
    /// <param name="dataMax">Largest body in bytes a data frame may announce.</param>
    /// <param name="header">The header when the result is <see cref="OperationStatus.Done"/>.</param>
    /// <returns><see cref="OperationStatus.NeedMoreData"/> below 12 bytes; <see cref="OperationStatus.InvalidData"/> for another
    /// version, an unknown type or a data frame above the limit.</returns>
    public static OperationStatus Read(ReadOnlySpan<byte> source, uint dataMax, out YamuxHeader header)
    {
        header = default;
        if (source.Length < Size)
            return OperationStatus.NeedMoreData;
        if (source[0] != 0 || source[1] > (byte)YamuxType.GoAway)
            return OperationStatus.InvalidData;

        var read = new YamuxHeader(
            (YamuxType)source[1],
            (YamuxFlags)BinaryPrimitives.ReadUInt16BigEndian(source[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[8..]));
        if (read.Type == YamuxType.Data && read.Length > dataMax)
            return OperationStatus.InvalidData;
        header = read;
        return OperationStatus.Done;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target">Exactly <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        Debug.Assert(target.Length == Size);
        target[0] = 0;
        target[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(target[8..], Length);
    }

    /// <summary>Whether <paramref name="flag"/> is set.</summary>
    public bool Has(YamuxFlags flag) => (Flags & flag) != 0;
}
