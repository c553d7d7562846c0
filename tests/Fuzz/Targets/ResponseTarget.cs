using System.Buffers.Binary;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;

namespace OpSync.Fuzz.Targets;

/// <summary>What a peer answers to payload_by_number: 8 bytes for the number that was asked for, then the response.</summary>
internal sealed class ResponseTarget : FuzzTarget
{
    private const int NumberSize = 8;
    private const int Head = NumberSize + PayloadByNumber.ResponseHeaderSize;

    private readonly PayloadResponseReader _reader = new(SlowResponse.Chain);
    private readonly PayloadResponseReader _lenient = new(SlowResponse.Chain, acceptVersion2: true);

    public override string Name => "response";

    public override int SizeMax => 32_768;

    public override int VerdictsMin => 14;

    public override byte[] Generate(Random random)
    {
        ulong number = (ulong)random.Next(400);
        return [.. BitConverter.GetBytes(number), .. Respond(random, number)];
    }

    /// <summary>A valid response for a number.</summary>
    public static byte[] Respond(Random random, ulong number)
    {
        ulong timestamp = SlowResponse.TimestampOf(number);
        PayloadVersion version = (PayloadVersion)SlowResponse.VersionAt(timestamp);
        return Frame(random, Payloads.Next(random, version, number, timestamp), version);
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < Head) return;
        structure.Number(0, NumberSize, NumberForm.LittleEndian);
        structure.Number(NumberSize, 1, NumberForm.LittleEndian);
        structure.Number(NumberSize + 1, 4, NumberForm.LittleEndian);
        SnappyFramingTarget.DescribeFrom(input, Head, structure);
    }

    /// <summary>Changes the payload and packs it again, with its own hash in half of the cases: so a change reaches the checks
    /// behind the checksum, and behind the hash.</summary>
    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        if (input.Length < Head || SlowSnappy.Stream(input.AsSpan(Head), 1 << 20) is not { } stream) return null;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(input);
        int version = SlowResponse.VersionAt(SlowResponse.TimestampOf(number));
        byte[] ssz = [.. stream.Content];
        Structure structure = new();
        Payloads.Describe(ssz, 0, version, structure);
        if (ssz.Length == 0) return null;
        if (random.Next(2) == 0 && structure.Numbers.Count > 0)
        {
            NumberField field = structure.Numbers[random.Next(structure.Numbers.Count)];
            ssz[field.At + random.Next(field.Size)] += (byte)random.Next(-4, 5);
        }
        else if (random.Next(4) == 0 && structure.Cuts.Count > 1)
        {
            ssz = ssz[..structure.Cuts[random.Next(structure.Cuts.Count)]];
        }
        else
        {
            ssz[random.Next(ssz.Length)] ^= (byte)random.Next(256);
        }

        if (random.Next(2) == 0 && SlowPayload.Decode(ssz, version) is { } payload)
            payload.BlockHash().CopyTo(ssz.AsSpan((version >= 3 ? 32 : 0) + 472));
        byte[] wire = Frame(random, ssz, (PayloadVersion)version);
        if (random.Next(8) == 0) BinaryPrimitives.WriteUInt32LittleEndian(wire.AsSpan(1), (uint)random.Next(4));
        return [.. input.AsSpan(0, NumberSize), .. wire];
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < NumberSize) return default;
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(input);
        byte[] response = input[NumberSize..];
        PayloadFault fault = Check(_reader, response, number, acceptVersion2: false);
        PayloadFault lenient = Check(_lenient, response, number, acceptVersion2: true);
        FuzzFailure.Unless(fault != PayloadFault.None || lenient == PayloadFault.None, "the lenient reader refused what the strict one took");
        return Verdict.Of(fault == PayloadFault.None, (int)fault << 1 | (lenient == fault ? 0 : 1), response.Length / 64);
    }

    private static PayloadFault Check(PayloadResponseReader reader, byte[] response, ulong number, bool acceptVersion2)
    {
        AllocationBound bound = AllocationBound.Start();
        PayloadFault fault = reader.Read(response, number, out BlockFacts facts);
        bound.End(64 * 1024);
        FuzzFailure.Unless(Enum.IsDefined(fault), "unknown verdict:", $"{fault}");

        var expected = SlowResponse.Decode(response, number, acceptVersion2);
        FuzzFailure.UnlessEqual(expected is not null, fault == PayloadFault.None, "slow decoder and decoder disagree:");
        if (expected is not { } e)
        {
            FuzzFailure.UnlessEqual(0, reader.Ssz.Length, "content after a fault:");
            return fault;
        }

        FuzzFailure.UnlessSame(e.Ssz, reader.Ssz, "content:");
        FuzzFailure.UnlessSame(e.Hash, facts.Hash.Bytes, "hash:");
        FuzzFailure.UnlessSame(e.Payload.ParentHash, facts.ParentHash.Bytes, "parent:");
        FuzzFailure.UnlessEqual(
            new BlockFacts(number, facts.Hash, facts.ParentHash, e.Payload.Timestamp, (PayloadVersion)e.Payload.Version, e.Ssz.Length, e.Payload.Transactions.Count),
            facts, "facts:");

        // What is kept and served says the same, in bytes of our choice.
        byte[] wire = reader.ToWire(response);
        FuzzFailure.Unless(wire.Length <= PayloadResponse.EncodedSizeMax(e.Ssz.Length), "kept bytes are too large");
        FuzzFailure.UnlessSame(e.Ssz, SlowResponse.Decode(wire, number, acceptVersion2: false)?.Ssz ?? [], "kept bytes:");
        FuzzFailure.UnlessEqual(false, SlowSnappy.Stream(wire.AsSpan(5), 1 << 24)?.HasOptional ?? true, "kept optional chunks:");
        return fault;
    }

    /// <summary>A success of a payload in one or two parts.</summary>
    public static byte[] Frame(Random random, byte[] ssz, PayloadVersion version)
    {
        List<byte> stream = [0, .. BitConverter.GetBytes(version.ToWire()), 0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];
        int split = random.Next(4) == 0 ? random.Next(ssz.Length) : ssz.Length;
        SnappyFramingTarget.AddContent(stream, ssz[..split], isRaw: random.Next(2) == 0);
        if (split < ssz.Length) SnappyFramingTarget.AddContent(stream, ssz[split..], isRaw: random.Next(2) == 0);
        return [.. stream];
    }
}
