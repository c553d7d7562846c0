using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.Sync.Ports;

namespace OpSync.Fuzz.Targets;

/// <summary>An export file as `opsync import` reads it.</summary>
internal sealed class ArchiveTarget : FuzzTarget
{
    private const int HeaderSize = 64, RecordSize = 13, SignatureSize = 65;

    private readonly PayloadResponseReader _reader = new(SlowResponse.Chain);

    public override string Name => "archive";

    public override int SizeMax => 65_536;

    public override byte[] Generate(Random random)
    {
        ulong first = (ulong)random.Next(1, 400), count = (ulong)random.Next(1, 4);
        List<byte> file =
        [
            .. "opsync\0\u0001"u8, .. BitConverter.GetBytes(SlowResponse.Chain.ChainId), .. SlowResponse.Chain.Genesis.Hash.Bytes,
            .. BitConverter.GetBytes(first), .. BitConverter.GetBytes(first + count - 1),
        ];
        byte[]? parent = null;
        for (ulong number = first; number < first + count; number++)
        {
            ulong timestamp = SlowResponse.TimestampOf(number);
            PayloadVersion version = (PayloadVersion)SlowResponse.VersionAt(timestamp);
            byte[] ssz = Payloads.Next(random, version, number, timestamp);
            int payload = version.HasEnvelope() ? 32 : 0;
            parent?.CopyTo(ssz.AsSpan(payload));
            parent = SlowPayload.Decode(ssz, (int)version)!.BlockHash();
            parent.CopyTo(ssz.AsSpan(payload + 472));
            byte[] wire = PayloadResponse.Encode(ssz, version);
            bool isSigned = random.Next(2) == 0;
            file.AddRange([.. BitConverter.GetBytes(number), isSigned ? (byte)1 : (byte)0, .. BitConverter.GetBytes(wire.Length)]);
            if (isSigned) file.AddRange(new byte[SignatureSize]);
            file.AddRange(wire);
        }

        return [.. file];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < HeaderSize) return;
        foreach (int at in (int[])[7, 8, 48, 56]) structure.Number(at, at == 7 ? 1 : 8, NumberForm.LittleEndian);
        int place = HeaderSize;
        while (place >= 0 && place + RecordSize <= input.Length)
        {
            structure.Cut(place);
            structure.Number(place, 8, NumberForm.LittleEndian);
            structure.Number(place + 8, 1, NumberForm.LittleEndian);
            structure.Number(place + 9, 4, NumberForm.LittleEndian);
            place += RecordSize + (input[place + 8] == 1 ? SignatureSize : 0) + Math.Max(-1, BitConverter.ToInt32(input[(place + 9)..]) & 0xffffff);
        }

        structure.Cut(Math.Min(input.Length, place));
    }

    public override Verdict Run(byte[] input)
    {
        List<StoredBlock> blocks = [];
        string problem = "";
        AllocationBound bound = AllocationBound.Start();
        try
        {
            using ArchiveReader reader = ArchiveReader.Open(new MemoryStream(input), "file", SlowResponse.Chain, _reader);
            while (reader.Read() is { } block) blocks.Add(block);
        }
        catch (IOException e)
        {
            problem = e.Message;   // the answer to a bad file, which the command prints
        }

        bound.End(256 * 1024 + 8 * input.Length);
        List<byte[]>? expected = Expect(input);
        FuzzFailure.Unless(expected is not null == (problem.Length == 0), "slow reader and reader disagree:", problem);
        if (expected is null) return Verdict.Of(false, blocks.Count, input.Length / 128);
        FuzzFailure.UnlessEqual(expected.Count, blocks.Count, "blocks:");
        for (int i = 0; i < expected.Count; i++)
        {
            FuzzFailure.UnlessSame(expected[i], blocks[i].Hash.Bytes, "hash:");
            FuzzFailure.UnlessSame(expected[i], SlowResponse.Decode(blocks[i].Wire, blocks[i].Number, false)?.Hash ?? [], "kept bytes:");
        }

        return Verdict.Of(true, 64 + blocks.Count, input.Length / 128);
    }

    /// <summary>The hashes of the blocks in the file; null for a bad one.</summary>
    private static List<byte[]>? Expect(byte[] input)
    {
        using BinaryReader file = new(new MemoryStream(input));
        try
        {
            if (!file.ReadBytes(8).AsSpan().SequenceEqual("opsync\0\u0001"u8) || file.ReadUInt64() != SlowResponse.Chain.ChainId) return null;
            if (!file.ReadBytes(32).AsSpan().SequenceEqual(new byte[32])) return null;
            ulong first = file.ReadUInt64(), last = file.ReadUInt64();
            if (first > last) return null;
            List<byte[]> hashes = [];
            for (ulong number = first; ; number++)
            {
                if (file.ReadUInt64() != number || file.ReadByte() is var flags && flags > 1) return null;
                uint size = file.ReadUInt32();
                if (flags == 1 && file.ReadBytes(SignatureSize).Length < SignatureSize) return null;
                if (size > input.Length - file.BaseStream.Position) return null;
                if (SlowResponse.Decode(file.ReadBytes((int)size), number, acceptVersion2: false) is not { } block) return null;
                if (hashes.Count > 0 && !block.Payload.ParentHash.AsSpan().SequenceEqual(hashes[^1])) return null;
                hashes.Add(block.Hash);
                if (number == last) return file.BaseStream.Position == input.Length ? hashes : null;
            }
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }
}
