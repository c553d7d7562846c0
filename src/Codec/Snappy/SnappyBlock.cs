using System.Diagnostics;

namespace OpSync.Codec.Snappy;

/// <summary>Snappy's block format: the length of the content as a varint, then literals and copies.
/// See google/snappy, format_description.txt.</summary>
/// <remarks>The methods keep no state and take no memory. A target is filled from its start.</remarks>
public static class SnappyBlock
{
    /// <summary>Content that is compressed on its own, in bytes: copies reach back no further.</summary>
    internal const int FragmentSize = 65_536;

    /// <summary>Bytes of a length field at most: 32 bits in groups of seven.</summary>
    private const int HeaderSizeMax = 5;

    /// <summary>The size a compressor of snappy may reach at most for content of <paramref name="length"/> bytes.</summary>
    /// <param name="length">0 or more, in bytes.</param>
    /// <exception cref="OverflowException">The size would not fit an array.</exception>
    public static int CompressedSizeMax(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return checked(32 + length + length / 6);
    }

    /// <summary>Compresses <paramref name="source"/>.</summary>
    /// <param name="source">The content.</param>
    /// <param name="target">At least <see cref="CompressedSizeMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The target is too small.</exception>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (target.Length < CompressedSizeMax(source.Length))
            throw new ArgumentException($"{source.Length} bytes need a target of {CompressedSizeMax(source.Length)}.", nameof(target));

        int written = WriteLength(source.Length, target);
        while (!source.IsEmpty)
        {
            ReadOnlySpan<byte> fragment = source[..Math.Min(source.Length, FragmentSize)];
            if (!SnappyCompressor.TryCompress(fragment, target[written..], out int size))
                throw new UnreachableException("The target has room for the worst case.");
            written += size;
            source = source[fragment.Length..];
        }

        return written;
    }

    /// <summary>Reads the length of the content, so that the caller can judge it before it takes memory.</summary>
    /// <param name="source">The whole block.</param>
    /// <param name="length">Bytes of content.</param>
    /// <param name="headerSize">Bytes of the length field.</param>
    /// <returns><see cref="SnappyFault.Truncated"/> also where so few bytes follow that they cannot yield that length: no
    /// element yields more than 64 bytes from 3. <see cref="SnappyFault.TooLarge"/> for 2 GiB and more.</returns>
    public static SnappyFault TryReadLength(ReadOnlySpan<byte> source, out int length, out int headerSize)
    {
        length = 0;
        headerSize = 0;
        ulong value = 0;
        for (int i = 0; i < HeaderSizeMax; i++)
        {
            if (i == source.Length) return SnappyFault.Truncated;
            value |= (ulong)(source[i] & 0x7f) << (7 * i);
            if (source[i] >= 0x80) continue;

            if (value > uint.MaxValue) return SnappyFault.BadHeader;
            if (value > int.MaxValue) return SnappyFault.TooLarge;
            if (value * 3 > (ulong)(source.Length - i - 1) * 64) return SnappyFault.Truncated;
            length = (int)value;
            headerSize = i + 1;
            return SnappyFault.None;
        }

        return SnappyFault.BadHeader;
    }

    /// <summary>Decompresses a block.</summary>
    /// <param name="source">The whole block.</param>
    /// <param name="target">Its length is the limit. No byte after the declared content is written; after a fault the bytes
    /// before are undefined.</param>
    /// <param name="written">Bytes of content, 0 after a fault.</param>
    public static SnappyFault Decompress(ReadOnlySpan<byte> source, Span<byte> target, out int written)
    {
        written = 0;
        SnappyFault fault = TryReadLength(source, out int length, out int headerSize);
        if (fault != SnappyFault.None) return fault;
        if (length > target.Length) return SnappyFault.TooLarge;

        fault = SnappyDecompressor.Decompress(source[headerSize..], target[..length]);
        if (fault == SnappyFault.None) written = length;
        return fault;
    }

    /// <summary>Writes the length field and returns its size.</summary>
    internal static int WriteLength(int length, Span<byte> target)
    {
        int size = 0;
        uint rest = (uint)length;
        for (; rest >= 0x80; rest >>= 7) target[size++] = (byte)(rest | 0x80);
        target[size++] = (byte)rest;
        return size;
    }
}
