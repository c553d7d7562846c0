using System.Buffers.Binary;

namespace OpSync.Codec.Snappy;

/// <summary>Snappy's framing format: a stream identifier, then chunks of up to 65,536 bytes of content with a checksum each.
/// See google/snappy, framing_format.txt.</summary>
/// <remarks>The methods keep no state and take no memory. A target is filled from its start.</remarks>
public static class SnappyFraming
{
    /// <summary>Content of one chunk at most, in bytes. Framing format, section 2.</summary>
    public const int ChunkContentMax = SnappyBlock.FragmentSize;

    private const int ChunkHeaderSize = 4;
    private const int ChecksumSize = 4;
    private const byte Compressed = 0x00;
    private const byte Raw = 0x01;
    private const byte FirstSkippable = 0x80;
    private const byte Identifier = 0xff;

    /// <summary>The first chunk of every stream.</summary>
    private static ReadOnlySpan<byte> StreamIdentifier => [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];   // "sNaPpY"

    /// <summary>The size that <see cref="Encode"/> and the reference encoder reach at most, in bytes.</summary>
    /// <param name="length">Bytes of content, 0 or more.</param>
    /// <exception cref="OverflowException">The size would not fit an array.</exception>
    public static int EncodedSizeMax(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int chunks = (int)(((long)length + ChunkContentMax - 1) / ChunkContentMax);
        return checked(StreamIdentifier.Length + length + chunks * (ChunkHeaderSize + ChecksumSize));
    }

    /// <summary>Writes <paramref name="source"/> as a stream. A chunk that compression does not make smaller by more than an
    /// eighth is stored raw, as the reference encoder does.</summary>
    /// <param name="source">The content.</param>
    /// <param name="target">At least <see cref="EncodedSizeMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The target is too small.</exception>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (target.Length < EncodedSizeMax(source.Length))
            throw new ArgumentException($"{source.Length} bytes need a target of {EncodedSizeMax(source.Length)}.", nameof(target));

        StreamIdentifier.CopyTo(target);
        int written = StreamIdentifier.Length;
        while (!source.IsEmpty)
        {
            ReadOnlySpan<byte> content = source[..Math.Min(source.Length, ChunkContentMax)];
            Span<byte> body = target.Slice(written + ChunkHeaderSize, ChecksumSize + content.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(body, Crc32C.Mask(Crc32C.Compute(content)));

            byte type = Compressed;
            int size = CompressChunk(content, body[ChecksumSize..]);
            if (size == 0)
            {
                type = Raw;
                content.CopyTo(body[ChecksumSize..]);
                size = content.Length;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(target[written..], (uint)(ChecksumSize + size) << 8 | type);
            written += ChunkHeaderSize + ChecksumSize + size;
            source = source[content.Length..];
        }

        return written;
    }

    /// <summary>Adds up the content that the chunks declare, without expanding any, so that the caller can take exactly the
    /// memory it needs.</summary>
    /// <param name="source">The whole stream.</param>
    /// <param name="lengthMax">Bytes of content the caller takes at most.</param>
    /// <param name="length">Bytes of content, 0 after a fault. A stream that passes may still fail to decode.</param>
    public static SnappyFault Measure(ReadOnlySpan<byte> source, int lengthMax, out int length)
    {
        length = 0;
        int total = 0;
        SnappyFault fault = StartStream(ref source);
        while (fault == SnappyFault.None && !source.IsEmpty)
        {
            fault = NextChunk(ref source, lengthMax - total, out _, out _, out int contentLength);
            total += contentLength;
        }

        if (fault == SnappyFault.None) length = total;
        return fault;
    }

    /// <summary>Reads a whole stream and checks every checksum.</summary>
    /// <param name="source">The whole stream.</param>
    /// <param name="target">Its length is the limit, compared with what a chunk declares before the chunk is expanded. No byte
    /// after the declared content is written; after a fault the bytes before are undefined.</param>
    /// <param name="written">Bytes of content, 0 after a fault.</param>
    /// <param name="facts">What else was in the stream, as far as it was read.</param>
    public static SnappyFault Decode(ReadOnlySpan<byte> source, Span<byte> target, out int written, out FramingFacts facts)
    {
        written = 0;
        facts = default;
        int total = 0;
        SnappyFault fault = StartStream(ref source);
        while (fault == SnappyFault.None && !source.IsEmpty)
        {
            fault = NextChunk(ref source, target.Length - total, out byte type, out ReadOnlySpan<byte> body, out int contentLength);
            if (fault != SnappyFault.None) break;
            if (type > Raw)
            {
                facts = new FramingFacts(HasOptionalChunks: true);
                continue;
            }

            fault = ReadContent(type, body, target.Slice(total, contentLength));
            total += contentLength;
        }

        if (fault == SnappyFault.None) written = total;
        return fault;
    }

    /// <summary>Returns the size of the compressed content, 0 where it does not pay.</summary>
    private static int CompressChunk(ReadOnlySpan<byte> content, Span<byte> target)
    {
        int limit = content.Length - content.Length / 8 - 1;
        if (limit < 2) return 0;   // not even the length and one element fit
        Span<byte> header = stackalloc byte[3];
        int headerSize = SnappyBlock.WriteLength(content.Length, header);
        if (limit <= headerSize || !SnappyCompressor.TryCompress(content, target[headerSize..limit], out int size)) return 0;
        header[..headerSize].CopyTo(target);
        return headerSize + size;
    }

    private static SnappyFault StartStream(ref ReadOnlySpan<byte> source)
    {
        ReadOnlySpan<byte> expected = StreamIdentifier;
        if (source.Length < expected.Length)
            return expected.StartsWith(source) ? SnappyFault.Truncated : SnappyFault.BadHeader;
        if (!source.StartsWith(expected)) return SnappyFault.BadHeader;
        source = source[expected.Length..];
        return SnappyFault.None;
    }

    /// <summary>Takes one chunk off the front. Types, sizes and limits are judged before the body has to be there.</summary>
    /// <param name="source">At least one byte; afterwards what follows the chunk.</param>
    /// <param name="room">Bytes of content that are still allowed.</param>
    /// <param name="type">The chunk's type byte.</param>
    /// <param name="body">All after the chunk's header.</param>
    /// <param name="contentLength">Bytes of content the chunk declares, at most <paramref name="room"/> and
    /// <see cref="ChunkContentMax"/>; 0 for a chunk that carries none.</param>
    private static SnappyFault NextChunk(
        ref ReadOnlySpan<byte> source, int room, out byte type, out ReadOnlySpan<byte> body, out int contentLength)
    {
        body = default;
        contentLength = 0;
        type = source[0];
        if (type is > Raw and < FirstSkippable) return SnappyFault.BadChunk;
        if (source.Length < ChunkHeaderSize) return SnappyFault.Truncated;

        int size = (int)(BinaryPrimitives.ReadUInt32LittleEndian(source) >> 8);
        ReadOnlySpan<byte> rest = source[ChunkHeaderSize..];
        bool isWhole = size <= rest.Length;
        body = rest[..Math.Min(size, rest.Length)];

        SnappyFault fault = type switch
        {
            Compressed => MeasureCompressed(size, body, isWhole, out contentLength),
            Raw => MeasureRaw(size, out contentLength),
            Identifier => StreamIdentifier[..ChunkHeaderSize].SequenceEqual(source[..ChunkHeaderSize])
                && StreamIdentifier[ChunkHeaderSize..].StartsWith(body) ? SnappyFault.None : SnappyFault.BadChunk,
            _ => SnappyFault.None,
        };

        if (fault == SnappyFault.None && contentLength > room) fault = SnappyFault.TooLarge;
        if (fault == SnappyFault.None && !isWhole) fault = SnappyFault.Truncated;
        if (fault != SnappyFault.None) contentLength = 0;
        else source = rest[size..];
        return fault;
    }

    private static SnappyFault MeasureRaw(int size, out int contentLength)
    {
        contentLength = size - ChecksumSize;
        return contentLength is >= 0 and <= ChunkContentMax ? SnappyFault.None : SnappyFault.BadChunk;
    }

    private static SnappyFault MeasureCompressed(int size, ReadOnlySpan<byte> body, bool isWhole, out int contentLength)
    {
        contentLength = 0;
        if (size < ChecksumSize || size > ChecksumSize + SnappyBlock.CompressedSizeMax(ChunkContentMax)) return SnappyFault.BadChunk;
        if (!isWhole) return SnappyFault.Truncated;

        SnappyFault fault = SnappyBlock.TryReadLength(body[ChecksumSize..], out contentLength, out _);
        if (fault is SnappyFault.TooLarge || contentLength > ChunkContentMax) return SnappyFault.BadChunk;
        return fault == SnappyFault.None ? SnappyFault.None : SnappyFault.BadBlock;
    }

    /// <summary>Expands a chunk into <paramref name="content"/>, whose length is the one it declares.</summary>
    private static SnappyFault ReadContent(byte type, ReadOnlySpan<byte> body, Span<byte> content)
    {
        ReadOnlySpan<byte> data = body[ChecksumSize..];
        if (type == Raw) data.CopyTo(content);
        else if (SnappyBlock.Decompress(data, content, out _) != SnappyFault.None) return SnappyFault.BadBlock;

        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(body);
        return Crc32C.Mask(Crc32C.Compute(content)) == stated ? SnappyFault.None : SnappyFault.BadChecksum;
    }
}
