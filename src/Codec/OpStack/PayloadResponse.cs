using System.Buffers;
using System.Buffers.Binary;
using OpSync.Codec.Snappy;

namespace OpSync.Codec.OpStack;

/// <summary>Writes success responses of payload_by_number: result code 0, version, snappy stream.</summary>
/// <remarks>Refusals are the one byte of a <see cref="ResultCode"/>.</remarks>
public static class PayloadResponse
{
    /// <summary>Largest response for an SSZ of this size, in bytes.</summary>
    public static int EncodedSizeMax(int sszLength) => PayloadByNumber.ResponseHeaderSize + SnappyFraming.EncodedSizeMax(sszLength);

    /// <summary>Writes a response.</summary>
    /// <param name="ssz">The payload, with its envelope from version 3 on.</param>
    /// <param name="version">Its layout.</param>
    /// <param name="target">Room for <see cref="EncodedSizeMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> ssz, PayloadVersion version, Span<byte> target)
    {
        target[0] = (byte)ResultCode.Success;
        BinaryPrimitives.WriteUInt32LittleEndian(target[1..], version.ToWire());
        return PayloadByNumber.ResponseHeaderSize + SnappyFraming.Encode(ssz, target[PayloadByNumber.ResponseHeaderSize..]);
    }

    /// <summary>Writes a response into an array of exact size.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> ssz, PayloadVersion version)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(EncodedSizeMax(ssz.Length));
        try
        {
            return buffer.AsSpan(0, Encode(ssz, version, buffer)).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
