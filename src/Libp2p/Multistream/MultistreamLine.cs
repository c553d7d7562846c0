using System.Buffers;
using System.Text;
using OpSync.Codec.Varint;

namespace OpSync.Libp2p.Multistream;

/// <summary>One line as read: a verdict, and the text where the verdict is <see cref="MultistreamVerdict.Selected"/>.</summary>
internal readonly record struct MultistreamLine(MultistreamVerdict Verdict, string Text)
{
    public const string NotAvailable = "na";
    public const string List = "ls";

    /// <summary>Size of the encoded "na" line.</summary>
    public const int NotAvailableSize = 4;

    public static bool IsNotAvailable(ReadOnlySpan<byte> line) => line.SequenceEqual("\u0003na\n"u8);

    /// <summary>Encoded size in bytes.</summary>
    public static int SizeOf(string text) => Uvarint.Size((ulong)text.Length + 1) + text.Length + 1;

    /// <summary>Encodes the line at the front of <paramref name="target"/> and returns its size.</summary>
    public static int Write(Span<byte> target, string text)
    {
        Uvarint.Write((ulong)text.Length + 1, target, out int size);
        size += Encoding.ASCII.GetBytes(text, target[size..]);
        target[size++] = (byte)'\n';
        return size;
    }

    /// <summary>Reads one line and nothing behind it. <paramref name="buffer"/> holds <see cref="MultistreamSelect.LineSizeMax"/>
    /// bytes or more and is free again when the task is done.</summary>
    public static async ValueTask<MultistreamLine> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        if (await stream.ReadAsync(buffer.AsMemory(0, 1), cancellationToken) == 0) return new(MultistreamVerdict.Closed, "");
        int length = buffer[0];
        if (length >= 0x80)
        {
            if (await stream.ReadAsync(buffer.AsMemory(0, 1), cancellationToken) == 0) return new(MultistreamVerdict.Closed, "");
            if (buffer[0] == 0) return new(MultistreamVerdict.Malformed, "");
            length = (length & 0x7f) | (buffer[0] << 7);   // a third byte would be at bit 14, far above the limit
        }

        if (length > MultistreamSelect.LineSizeMax) return new(MultistreamVerdict.LineTooLong, "");
        if (length == 0) return new(MultistreamVerdict.Malformed, "");
        int read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken);
        if (read < length) return new(MultistreamVerdict.Closed, "");
        return buffer[length - 1] == '\n'
            ? new(MultistreamVerdict.Selected, Encoding.Latin1.GetString(buffer, 0, length - 1))
            : new(MultistreamVerdict.Malformed, "");
    }

    /// <summary>The answer to "ls": a line whose text is the lines of all protocols.</summary>
    public static byte[] Listing(IReadOnlySet<string> protocols, int sizeMax)
    {
        ArrayBufferWriter<byte> lines = new();
        foreach (string protocol in protocols)
        {
            int size = SizeOf(protocol);
            if (lines.WrittenCount + size + 1 + Uvarint.SizeMax > sizeMax) break;
            lines.Advance(Write(lines.GetSpan(size), protocol));
        }

        byte[] listing = new byte[Uvarint.Size((ulong)lines.WrittenCount + 1) + lines.WrittenCount + 1];
        Uvarint.Write((ulong)lines.WrittenCount + 1, listing, out int at);
        lines.WrittenSpan.CopyTo(listing.AsSpan(at));
        listing[^1] = (byte)'\n';
        return listing;
    }
}
