using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace OpSync.Libp2p.Multistream;

/// <summary>multistream-select 1.0: agrees on the protocol of a connection or stream. See the libp2p connections spec.</summary>
/// <remarks>
/// A line is a varint length, the text, and a line feed. Exactly the lines are read, never a byte more, so that the stream is
/// the protocol's afterwards. Nothing a remote sends throws: broken streams and bad lines are verdicts. Deadlines are the
/// token's. A stream is reset by its owner after any verdict but <see cref="MultistreamVerdict.Selected"/>.
/// </remarks>
public static class MultistreamSelect
{
    /// <summary>The protocol's own id: the first line each side sends.</summary>
    public const string ProtocolId = "/multistream/1.0.0";

    /// <summary>Longest line in bytes, its line feed included. Longer ones end the negotiation unread.</summary>
    public const int LineSizeMax = 1_024;

    /// <summary>Proposals a listener answers on one stream, and a dialer makes.</summary>
    public const int ProposalsMax = 64;

    /// <summary>Largest answer to <c>ls</c> in bytes; protocols that do not fit are left out.</summary>
    public const int ListingSizeMax = 16_384;

    /// <summary>Refused answers and the agreement wait in a buffer of this size for the next flush.</summary>
    private const int OutputSize = 2_048;

    private static readonly int s_headerSize = MultistreamLine.SizeOf(ProtocolId);

    /// <summary>Proposes the protocols in their order until the remote takes one.</summary>
    /// <exception cref="ArgumentException">No proposals, too many, or one that is no protocol id.</exception>
    public static async ValueTask<MultistreamResult> DialAsync(
        Stream stream, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        if (protocols.Count is 0 or > ProposalsMax)
            throw new ArgumentException($"1 to {ProposalsMax} protocols can be proposed.", nameof(protocols));
        try
        {
            for (int i = 0; i < protocols.Count; i++)
            {
                bool first = i == 0;
                await ProposeAsync(stream, protocols[i], first, ReadOnlyMemory<byte>.Empty, cancellationToken);
                MultistreamResult result = await ReadReplyAsync(stream, protocols[i], first, cancellationToken);
                if (result.Verdict != MultistreamVerdict.Refused) return result;
            }

            return new(MultistreamVerdict.Refused, null);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return new(MultistreamVerdict.Closed, null);
        }
    }

    /// <summary>Sends the header, one proposal and the protocol's first bytes in one write, without waiting for the answer.</summary>
    /// <remarks>For a protocol the remote is known to speak. <see cref="ConfirmAsync"/> must come before the first read.</remarks>
    /// <exception cref="IOException">The stream broke.</exception>
    public static ValueTask WriteOptimisticAsync(
        Stream stream, string protocol, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        ProposeAsync(stream, protocol, withHeader: true, payload, cancellationToken);

    /// <summary>Reads the answer to <see cref="WriteOptimisticAsync"/>.</summary>
    public static async ValueTask<MultistreamResult> ConfirmAsync(Stream stream, string protocol, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadReplyAsync(stream, protocol, withHeader: true, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return new(MultistreamVerdict.Closed, null);
        }
    }

    /// <summary>Answers the remote's proposals until one of <paramref name="protocols"/> is among them.</summary>
    /// <remarks>
    /// Answers wait until the remote's next line would have to be waited for: the common dialer, which sends header and
    /// proposal at once, costs a single write.
    /// </remarks>
    public static async ValueTask<MultistreamResult> ListenAsync(
        Stream stream, IReadOnlySet<string> protocols, CancellationToken cancellationToken)
    {
        byte[] input = ArrayPool<byte>.Shared.Rent(LineSizeMax);
        byte[] output = ArrayPool<byte>.Shared.Rent(OutputSize);
        int pending = MultistreamLine.Write(output, ProtocolId);
        bool greeted = false;
        int proposals = 0;
        MultistreamResult result;
        try
        {
            while (true)
            {
                ValueTask<MultistreamLine> reading = MultistreamLine.ReadAsync(stream, input, cancellationToken);
                if (!reading.IsCompleted && pending > 0)
                {
                    await stream.WriteAsync(output.AsMemory(0, pending), cancellationToken);
                    pending = 0;
                }

                MultistreamLine line = await reading;
                if (line.Verdict != MultistreamVerdict.Selected)
                {
                    // A refused optimistic dialer's first bytes follow its proposal: it must still hear the refusal.
                    if (proposals > 0 && pending > 0)
                        await stream.WriteAsync(output.AsMemory(0, pending), cancellationToken);
                    result = new(line.Verdict, null);
                    break;
                }

                if (!greeted)
                {
                    greeted = line.Text == ProtocolId;
                    if (greeted) continue;
                    result = new(MultistreamVerdict.Malformed, null);
                    break;
                }

                if (protocols.Contains(line.Text))
                {
                    pending += MultistreamLine.Write(output.AsSpan(pending), line.Text);
                    await stream.WriteAsync(output.AsMemory(0, pending), cancellationToken);
                    result = new(MultistreamVerdict.Selected, line.Text);
                    break;
                }

                if (++proposals == ProposalsMax)
                {
                    result = new(MultistreamVerdict.TooManyProposals, null);
                    break;
                }

                if (line.Text == MultistreamLine.List)
                {
                    await stream.WriteAsync(output.AsMemory(0, pending), cancellationToken);
                    pending = 0;
                    await stream.WriteAsync(MultistreamLine.Listing(protocols, ListingSizeMax), cancellationToken);
                }
                else
                {
                    pending += MultistreamLine.Write(output.AsSpan(pending), MultistreamLine.NotAvailable);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The buffers are not returned: a read that was still under way may own one of them.
            return new(MultistreamVerdict.Closed, null);
        }

        ArrayPool<byte>.Shared.Return(input);
        ArrayPool<byte>.Shared.Return(output);
        return result;
    }

    private static async ValueTask ProposeAsync(
        Stream stream, string protocol, bool withHeader, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        CheckProtocol(protocol);
        int size = (withHeader ? s_headerSize : 0) + MultistreamLine.SizeOf(protocol);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size + payload.Length);
        WriteProposal(buffer, protocol, withHeader);
        payload.Span.CopyTo(buffer.AsSpan(size));
        await stream.WriteAsync(buffer.AsMemory(0, size + payload.Length), cancellationToken);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>An agreement repeats the proposal byte for byte, so that the answer can be compared instead of parsed, and its
    /// size is known but for "na", which is as short as the shortest line.</summary>
    private static async ValueTask<MultistreamResult> ReadReplyAsync(
        Stream stream, string protocol, bool withHeader, CancellationToken cancellationToken)
    {
        CheckProtocol(protocol);
        int header = withHeader ? s_headerSize : 0;
        int size = header + MultistreamLine.SizeOf(protocol);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * size);
        WriteProposal(buffer, protocol, withHeader);
        Memory<byte> reply = buffer.AsMemory(size, size);

        int start = header + MultistreamLine.NotAvailableSize;
        MultistreamVerdict verdict = MultistreamVerdict.Closed;
        if (await stream.ReadAtLeastAsync(reply[..start], start, throwOnEndOfStream: false, cancellationToken) == start)
        {
            verdict = JudgeStart(buffer, size, header);
            int rest = size - start;
            if (verdict == MultistreamVerdict.Selected && rest > 0)
            {
                if (await stream.ReadAtLeastAsync(reply[start..], rest, throwOnEndOfStream: false, cancellationToken) != rest)
                    verdict = MultistreamVerdict.Closed;
                else if (!reply.Span.SequenceEqual(buffer.AsSpan(0, size)))
                    verdict = MultistreamVerdict.Malformed;
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return new(verdict, verdict == MultistreamVerdict.Selected ? protocol : null);
    }

    private static MultistreamVerdict JudgeStart(byte[] buffer, int size, int header)
    {
        ReadOnlySpan<byte> expected = buffer.AsSpan(0, header + MultistreamLine.NotAvailableSize);
        ReadOnlySpan<byte> reply = buffer.AsSpan(size, expected.Length);
        if (reply.SequenceEqual(expected)) return MultistreamVerdict.Selected;
        return reply[..header].SequenceEqual(expected[..header]) && MultistreamLine.IsNotAvailable(reply[header..])
            ? MultistreamVerdict.Refused
            : MultistreamVerdict.Malformed;
    }

    private static void WriteProposal(Span<byte> target, string protocol, bool withHeader)
    {
        int size = withHeader ? MultistreamLine.Write(target, ProtocolId) : 0;
        MultistreamLine.Write(target[size..], protocol);
    }

    private static void CheckProtocol(string protocol, [CallerArgumentExpression(nameof(protocol))] string? name = null)
    {
        if (protocol.Length is < 2 or >= LineSizeMax || !Ascii.IsValid(protocol))
            throw new ArgumentException("A protocol id is 2 to 1,023 ASCII characters.", name);
    }
}
