using OpSync.Fuzz.Targets;
using OpSync.Silo.Serving;
using OpSync.Sync.Ports;

namespace OpSync.Fuzz.Reference;

/// <summary>What a server has to answer one asker at one moment, by docs/protocols.md and block by block: no pages, no buckets but a
/// count of tokens.</summary>
/// <param name="blocks">What it holds.</param>
/// <param name="options">Its limits; a peer that has no token is refused at once.</param>
/// <param name="newest">Highest number that is not in the future.</param>
internal sealed class SlowServe(ServedBlocks blocks, ServeOptions options, ulong newest)
{
    public const int ByNumber = 0, Headers = 1, Payloads = 2, Status = 3;

    private const byte Complete = 0, Capped = 1, NotFound = 2, RateLimited = 3, Failed = 4;

    private int _tokens = options.PeerBurst;

    public static int SizeOf(int kind) => kind switch { ByNumber => 8, Headers => 46, Payloads => 20, _ => 1 };

    /// <summary>The answer; null where the request is too short for one.</summary>
    public byte[]? Answer(int kind, byte[] request) => kind switch
    {
        ByNumber => AnswerByNumber(request),
        _ when request.Length < SizeOf(kind) => null,
        Headers => AnswerHeaders(request),
        Payloads => AnswerPayloads(request),
        _ => AnswerStatus(),
    };

    private byte[]? AnswerByNumber(byte[] request)
    {
        if (_tokens == 0) return [3];
        _tokens--;
        if (request.Length < 8) return null;
        ulong number = BitConverter.ToUInt64(request);
        if (!IsInBounds(number)) return [2];
        return number == ServedBlocks.Unreadable ? [3] : blocks.Find(number)?.Wire ?? [1];
    }

    private byte[] AnswerHeaders(byte[] request)
    {
        ulong top = BitConverter.ToUInt64(request);
        byte[]? expected = request.AsSpan(8, 32).ContainsAnyExcept((byte)0) ? request[8..40] : null;
        int count = BitConverter.ToUInt16(request, 40), bytesMax = BitConverter.ToInt32(request, 42);
        if (count is 0 or > 1_024 || bytesMax < 0 || !IsInBounds(top)) return Refusal(2);
        List<byte> items = [0];
        int sent = 0;
        byte end = Complete;
        for (; sent < count; sent++)
        {
            ulong number = top - (ulong)sent;
            if (sent == options.Bulk.HeadersMax || number < ServedBlocks.Genesis) end = Capped;
            else if (sent % options.Bulk.HeadersPerBlock == 0 && _tokens-- == 0) (end, _tokens) = (RateLimited, 0);
            else if (number == ServedBlocks.Unreadable) end = Failed;
            else if (blocks.Find(number) is not { } block || expected is not null && !block.Hash.Bytes.SequenceEqual(expected)) end = NotFound;
            else if (blocks.HeaderOf(number) is not { } header) end = Failed;
            else if (sent > 0 && items.Count + 2L + header.Length + 2 + 5 > bytesMax) end = Capped;
            else
            {
                items.AddRange([.. BitConverter.GetBytes((ushort)header.Length), .. header]);
                expected = block.ParentHash.ToArray();
                continue;
            }

            break;
        }

        return sent == 0 ? Refusal(CodeOf(end)) : [.. items, 0, 0, end, .. Milliseconds(end == RateLimited)];
    }

    private byte[] AnswerPayloads(byte[] request)
    {
        ulong first = BitConverter.ToUInt64(request), last = BitConverter.ToUInt64(request, 8);
        long room = BitConverter.ToInt32(request, 16);
        if (first > last || last - first >= 1_024 || room < 0 || !IsInBounds(first)) return Refusal(2);
        room = Math.Min(room, options.Bulk.BytesMax);
        int count = (int)(last - first) + 1, sent = 0;
        List<byte> items = [0];
        byte end = Complete;
        bool isLook = false;
        for (; sent < count; sent++)
        {
            ulong number = first + (ulong)sent;
            StoredBlock? block = blocks.Find(number);
            if (sent == options.Bulk.BlocksMax || sent > 0 && room <= 0) end = Capped;
            else if (_tokens == 0) end = RateLimited;
            else if (number == ServedBlocks.Unreadable) end = Failed;
            else if (block is null) end = NotFound;
            else if (sent > 0 && block.Wire.Length > room) (end, isLook) = (Capped, true);
            else
            {
                _tokens--;
                room -= block.Wire.Length;
                items.AddRange(BitConverter.GetBytes(block.Wire.Length));
                items.AddRange(BitConverter.GetBytes(number));
                items.AddRange([block.Signature is null ? (byte)0 : (byte)1, .. block.Signature ?? [], .. block.Wire]);
                continue;
            }

            break;
        }

        // Looking in vain costs one token.
        if (isLook || end is NotFound or Failed) _tokens--;
        return sent == 0 ? Refusal(CodeOf(end)) : [.. items, 0, 0, 0, 0, end, .. Milliseconds(end == RateLimited)];
    }

    private byte[] AnswerStatus()
    {
        if (_tokens == 0) return Refusal(4);
        _tokens--;
        return
        [
            0, .. BitConverter.GetBytes((ulong)(options.PeerRate * 1_000)), .. BitConverter.GetBytes(options.PeerBurst),
            .. BitConverter.GetBytes(options.Bulk.HeadersPerBlock), (byte)ServedBlocks.Runs.Length,
            .. ServedBlocks.Runs.SelectMany(r => (byte[])[.. BitConverter.GetBytes(r.First), .. BitConverter.GetBytes(r.Last)]),
        ];
    }

    private bool IsInBounds(ulong number) => number >= ServedBlocks.Genesis && number <= newest;

    private static byte CodeOf(byte end) => end switch { NotFound => 1, RateLimited => 4, _ => 3 };

    private byte[] Refusal(byte code) => [code, .. Milliseconds(code == 4)];

    /// <summary>One token at the peer's rate.</summary>
    private byte[] Milliseconds(bool isLimited) => BitConverter.GetBytes(isLimited ? (uint)(1_000 / options.PeerRate) : 0);
}
