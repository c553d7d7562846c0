using System.Buffers.Binary;
using OpSync.Codec.Snappy;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>A framed snappy stream.</summary>
internal sealed class SnappyFramingTarget : FuzzTarget
{
    private const int LengthMax = 1 << 17;
    private const int Guard = 64;
    private const byte GuardByte = 0xa5;

    private readonly byte[] _target = new byte[LengthMax + Guard];

    public override string Name => "snappy-framing";

    public override int SizeMax => 32_768;

    public override int VerdictsMin => 8;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [[0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59], [0xfe, 0, 0, 0], [0x80, 1, 0, 0, 7], [2, 0, 0, 0], [1, 4, 0, 0, 0xd8, 0xea, 0x82, 0xa2]];

    public override byte[] Generate(Random random)
    {
        List<byte> stream = [.. Dictionary[0]];
        for (int i = 0, count = random.Next(5); i < count; i++)
        {
            switch (random.Next(6))
            {
                case 0:
                    AddChunk(stream, (byte)random.Next(0x80, 0xff), random.NextBytes(random.Next(20)));
                    break;
                case 1:
                    stream.AddRange(Dictionary[0]);
                    break;
                default:
                    byte[] content = SnappyBlockTarget.Content(random);
                    AddContent(stream, content, isRaw: random.Next(2) == 0);
                    break;
            }
        }

        return [.. stream];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure) => DescribeFrom(input, 0, structure);

    /// <summary>Marks the chunks of a stream that begins at a place.</summary>
    public static void DescribeFrom(ReadOnlySpan<byte> input, int start, Structure structure)
    {
        int at = start;
        while (at + 4 <= input.Length)
        {
            structure.Cut(at);
            structure.Number(at, 1, NumberForm.LittleEndian);
            structure.Number(at + 1, 3, NumberForm.LittleEndian);
            if (at + 8 <= input.Length) structure.Number(at + 4, 4, NumberForm.LittleEndian);
            at += 4 + (input[at + 1] | input[at + 2] << 8 | input[at + 3] << 16);
        }

        structure.Cut(Math.Min(at, input.Length));
    }

    /// <summary>Changes the body of a chunk and corrects its size, so that the change is met behind the outer checks.</summary>
    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        Structure structure = new();
        Describe(input, structure);
        if (structure.Cuts.Count < 3) return null;
        int part = 1 + random.Next(structure.Cuts.Count - 2), start = structure.Cuts[part], end = structure.Cuts[part + 1];
        if (end - start < 9) return null;
        byte[] body = input[(start + 8)..end];
        int cut = random.Next(body.Length);
        body = random.Next(3) switch { 0 => body[..cut], 1 => [.. body, .. body.AsSpan(cut)], _ => [.. body.AsSpan(0, cut), (byte)random.Next(256), .. body.AsSpan(cut + 1)] };
        List<byte> chunk = [];
        byte[]? content = input[start] == 1 ? body : SlowSnappy.Block(body, LengthMax);
        AddChunk(chunk, input[start], content is null ? [.. input.AsSpan(start + 4, 4), .. body] : [.. Sum(content), .. body]);
        return [.. input.AsSpan(0, start), .. chunk, .. input.AsSpan(end)];
    }

    public override Verdict Run(byte[] input)
    {
        Array.Fill(_target, GuardByte);
        AllocationBound bound = AllocationBound.Start();
        SnappyFault fault = SnappyFraming.Decode(input, _target.AsSpan(0, LengthMax), out int written, out FramingFacts facts);
        SnappyFault measured = SnappyFraming.Measure(input, LengthMax, out int length);
        bound.End(0);
        FuzzFailure.Unless(Enum.IsDefined(fault) && Enum.IsDefined(measured), "unknown verdict:", $"{fault}, {measured}");

        var expected = SlowSnappy.Stream(input, LengthMax);
        FuzzFailure.UnlessEqual(expected is not null, fault == SnappyFault.None, "slow decoder and decoder disagree:");
        if (measured != SnappyFault.None) FuzzFailure.UnlessEqual(false, fault == SnappyFault.None, "measured fault, decoded:");
        FuzzFailure.Unless(_target.AsSpan(LengthMax).IndexOfAnyExcept(GuardByte) < 0, "wrote behind the target");
        if (expected is not { } e) return Verdict.Of(false, (int)fault, input.Length);

        FuzzFailure.UnlessSame(e.Content, _target.AsSpan(0, written), "content:");
        FuzzFailure.UnlessEqual(e.HasOptional, facts.HasOptionalChunks, "optional chunks:");
        FuzzFailure.UnlessEqual(written, length, "measured length:");
        FuzzFailure.Unless(_target.AsSpan(written).IndexOfAnyExcept(GuardByte) < 0, "wrote behind the content");
        byte[] exact = new byte[written];
        FuzzFailure.UnlessEqual(SnappyFault.None, SnappyFraming.Decode(input, exact, out _, out _), "exact target:");
        if (written > 0) FuzzFailure.UnlessEqual(SnappyFault.TooLarge, SnappyFraming.Measure(input, written - 1, out _), "short limit:");

        byte[] encoded = new byte[SnappyFraming.EncodedSizeMax(written)];
        int size = SnappyFraming.Encode(e.Content, encoded);
        var again = SlowSnappy.Stream(encoded.AsSpan(0, size), written);
        FuzzFailure.UnlessSame(e.Content, again?.Content ?? [], "encoded again:");
        FuzzFailure.UnlessEqual(false, again?.HasOptional ?? true, "encoded again, optional chunks:");
        return Verdict.Of(true, 16 + (e.HasOptional ? 1 : 0), written);
    }

    /// <summary>Appends a chunk of content.</summary>
    public static void AddContent(List<byte> stream, byte[] content, bool isRaw)
    {
        byte[] block = content;
        if (!isRaw)
        {
            block = new byte[SnappyBlock.CompressedSizeMax(content.Length)];
            block = block[..SnappyBlock.Compress(content, block)];
        }

        AddChunk(stream, isRaw ? (byte)1 : (byte)0, [.. Sum(content), .. block]);
    }

    private static void AddChunk(List<byte> stream, byte type, ReadOnlySpan<byte> body)
    {
        stream.AddRange([type, (byte)body.Length, (byte)(body.Length >> 8), (byte)(body.Length >> 16)]);
        stream.AddRange(body);
    }

    private static byte[] Sum(byte[] content)
    {
        byte[] sum = new byte[4];
        uint crc = SlowSnappy.Crc(content);
        BinaryPrimitives.WriteUInt32LittleEndian(sum, unchecked((crc >> 15 | crc << 17) + 0xa282ead8));
        return sum;
    }
}
