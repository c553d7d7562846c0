using System.Buffers.Binary;
using OpSync.Codec.OpStack;

namespace OpSync.Codec.Bulk;

/// <summary>Takes an answer of payloads apart while it arrives: says how many bytes come next, takes them, and says what they were.
/// Numbers rise without gaps, and an end says why it is one. Payloads themselves go by it, to whoever reads the stream.</summary>
/// <remarks>A mutable structure: it is kept in one place. What came before a fault is as good as any other block: each is checked by
/// its hash anyway.</remarks>
public struct PayloadsFrames
{
    /// <summary>Bytes of the longest part.</summary>
    public const int WantedMax = PayloadItem.SignatureSize;

    private const int EndedSize = 4 + BulkProtocols.EndSize;   // an item's first bytes are no fewer than a whole end
    private const byte HasSignature = 1;

    private readonly PayloadsRequest _request;
    private Place _place;
    private ulong _number;

    /// <summary>Begins before the first byte.</summary>
    /// <param name="request">What was asked.</param>
    public PayloadsFrames(in PayloadsRequest request)
    {
        _request = request;
        Wanted = 1;
    }

    private enum Place : byte
    {
        Code,
        Refusal,
        Item,
        ItemRest,
        Signature,
    }

    /// <summary>Bytes that <see cref="Take"/> needs next, 1 to <see cref="WantedMax"/>.</summary>
    public int Wanted { get; private set; }

    /// <summary>Result code, once it was taken.</summary>
    public BulkCode Code { get; private set; }

    /// <summary>What is wrong, after <see cref="PayloadsFrame.Fault"/>.</summary>
    public BulkFault Fault { get; private set; }

    /// <summary>Why it ends, after the <see cref="PayloadsFrame.End"/> of a success.</summary>
    public BulkEnd End { get; private set; }

    /// <summary>When to ask again, after <see cref="PayloadsFrame.End"/>; zero if not said.</summary>
    public TimeSpan RetryAfter { get; private set; }

    /// <summary>Payloads announced so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the payload that follows a <see cref="PayloadsFrame.Payload"/>.</summary>
    public int WireLength { get; private set; }

    /// <summary>Takes the next part.</summary>
    /// <param name="part">Exactly <see cref="Wanted"/> bytes.</param>
    public PayloadsFrame Take(ReadOnlySpan<byte> part)
    {
        switch (_place)
        {
            case Place.Code:
                Code = (BulkCode)part[0];
                if (Code > BulkCode.RateLimited) return Refuse(BulkFault.BadCode);
                return Code == BulkCode.Success ? Next(Place.Item, EndedSize) : Next(Place.Refusal, BulkProtocols.RefusalSize - 1);
            case Place.Refusal:
                RetryAfter = BulkAnswer.ReadMilliseconds(part);
                return PayloadsFrame.End;
            case Place.Item:
                return TakeItem(part);
            case Place.ItemRest:
                return TakeItemRest(part);
            default:
                return Announce();
        }
    }

    private PayloadsFrame TakeItem(ReadOnlySpan<byte> part)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(part);
        if (length > PayloadByNumber.SizeMax) return Refuse(BulkFault.TooLarge);
        if (length > 0)
        {
            WireLength = (int)length;
            _number = BinaryPrimitives.ReadUInt32LittleEndian(part[4..]) | (ulong)part[8] << 32;
            return Next(Place.ItemRest, PayloadItem.HeadSize - EndedSize);
        }

        BulkFault fault = BulkAnswer.ReadEnd(part[4..], out BulkEnd end, out TimeSpan retryAfter);
        if (fault == BulkFault.None && Count == 0) fault = BulkFault.Senseless;
        if (fault != BulkFault.None) return Refuse(fault);
        (End, RetryAfter) = (end, retryAfter);
        return PayloadsFrame.End;
    }

    private PayloadsFrame TakeItemRest(ReadOnlySpan<byte> part)
    {
        _number |= (ulong)part[0] << 40 | (ulong)part[1] << 48 | (ulong)part[2] << 56;
        byte flags = part[3];
        if (flags > HasSignature) return Refuse(BulkFault.BadCode);
        if (Count == _request.Count) return Refuse(BulkFault.TooMany);
        if (_number != _request.First + (ulong)Count) return Refuse(BulkFault.WrongNumber);
        return flags == HasSignature ? Next(Place.Signature, PayloadItem.SignatureSize) : Announce();
    }

    private PayloadsFrame Announce()
    {
        Count++;
        Next(Place.Item, EndedSize);
        return PayloadsFrame.Payload;
    }

    private PayloadsFrame Refuse(BulkFault fault)
    {
        Fault = fault;
        return PayloadsFrame.Fault;
    }

    private PayloadsFrame Next(Place place, int wanted)
    {
        (_place, Wanted) = (place, wanted);
        return PayloadsFrame.More;
    }
}
