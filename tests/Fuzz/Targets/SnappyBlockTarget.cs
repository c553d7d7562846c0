using IronSnappy;
using OpSync.Codec.Snappy;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>One snappy block. Content that was accepted is compressed again and read by another implementation.</summary>
internal sealed class SnappyBlockTarget : FuzzTarget
{
    private const int LengthMax = 1 << 17;
    private const int Guard = 64;
    private const byte GuardByte = 0xa5;

    private readonly byte[] _target = new byte[LengthMax + Guard];

    public override string Name => "snappy-block";

    public override byte[] Generate(Random random) => random.Next(2) == 0 ? Written(random) : Composed(random);

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        structure.Number(0, Math.Min(input.Length, 2), NumberForm.Varint);
        int at = 0;
        while (at < input.Length && at < 5 && input[at] >= 0x80) at++;
        at++;
        while (at < input.Length)
        {
            structure.Cut(at);
            int tag = input[at], kind = tag & 3;
            int extra = kind switch { 0 => Math.Max(0, (tag >> 2) - 59), 1 => 1, 2 => 2, _ => 4 };
            if (at + 1 + extra > input.Length) return;
            if (extra > 0) structure.Number(at + 1, extra, NumberForm.LittleEndian);
            long size = kind != 0 ? 0 : 1L + (extra == 0 ? tag >> 2 : Little(input.Slice(at + 1, extra)));
            if (size > input.Length) return;
            at += 1 + extra + (int)size;
        }

        structure.Cut(Math.Min(at, input.Length));
    }

    public override Verdict Run(byte[] input)
    {
        Array.Fill(_target, GuardByte);
        AllocationBound bound = AllocationBound.Start();
        SnappyFault fault = SnappyBlock.Decompress(input, _target.AsSpan(0, LengthMax), out int written);
        bound.End(0);
        FuzzFailure.Unless(Enum.IsDefined(fault), "unknown verdict:", $"{fault}");
        SnappyBlock.TryReadLength(input, out int declared, out _);
        int end = Math.Min(declared, LengthMax);
        FuzzFailure.Unless(_target.AsSpan(end).IndexOfAnyExcept(GuardByte) < 0, "wrote behind the declared content");

        byte[]? expected = SlowSnappy.Block(input, LengthMax);
        FuzzFailure.UnlessEqual(expected is not null, fault == SnappyFault.None, "slow decoder and decoder disagree:");
        if (expected is null) return Verdict.Of(false, (int)fault, input.Length);
        FuzzFailure.UnlessSame(expected, _target.AsSpan(0, written), "content:");

        // The target may be exactly as long as the content, and not a byte shorter.
        byte[] exact = new byte[written];
        FuzzFailure.UnlessEqual(SnappyFault.None, SnappyBlock.Decompress(input, exact, out _), "exact target:");
        FuzzFailure.UnlessSame(expected, exact, "content of an exact target:");
        if (written > 0)
            FuzzFailure.UnlessEqual(SnappyFault.TooLarge, SnappyBlock.Decompress(input, exact.AsSpan(1), out _), "short target:");

        byte[] compressed = new byte[SnappyBlock.CompressedSizeMax(written)];
        int size = SnappyBlock.Compress(expected, compressed);
        FuzzFailure.UnlessSame(expected, SlowSnappy.Block(compressed.AsSpan(0, size), written) ?? [], "compressed again:");
        if (written > 0)
            FuzzFailure.UnlessSame(expected, Snappy.Decode(compressed.AsSpan(0, size)), "compressed again, read by another:");
        return Verdict.Of(true, 16 + (size < written ? 1 : 0), written);
    }

    private static byte[] Written(Random random)
    {
        byte[] content = Content(random);
        byte[] block = new byte[SnappyBlock.CompressedSizeMax(content.Length)];
        return block[..SnappyBlock.Compress(content, block)];
    }

    /// <summary>Content with repetitions near and far.</summary>
    internal static byte[] Content(Random random)
    {
        byte[] content = random.NextBytes(random.Next(8) switch { 0 => 0, 1 => random.Next(8_000), 2 => 1, _ => random.Next(600) });
        for (int i = 0; i < random.Next(12) && content.Length > 8; i++)
        {
            int from = random.Next(content.Length - 4), to = random.Next(content.Length - 4);
            int length = random.Next(Math.Min(content.Length - Math.Max(from, to), 200));
            for (int k = 0; k < length; k++) content[to + k] = content[from + k];   // overlapping on purpose
        }

        return content;
    }

    /// <summary>Elements of all kinds, also those that no compressor writes.</summary>
    private static byte[] Composed(Random random)
    {
        List<byte> body = [];
        int length = 0;
        for (int i = 0, count = 1 + random.Next(24); i < count; i++)
        {
            int kind = length == 0 ? 0 : random.Next(4);
            if (kind == 0)
            {
                int size = random.Next(4) == 0 ? 1 + random.Next(400) : 1 + random.Next(20), extra = random.Next(5);
                if (extra == 0 && size > 60 || extra == 1 && size > 256) extra = 2;
                body.Add((byte)(extra == 0 ? size - 1 << 2 : 59 + extra << 2));
                for (int k = 0; k < extra; k++) body.Add((byte)(size - 1 >> 8 * k));
                body.AddRange(random.NextBytes(size));
                length += size;
                continue;
            }

            int near = Math.Min(length, kind == 1 ? 2_047 : 65_535);
            int offset = random.Next(2) == 0 ? 1 + random.Next(Math.Min(near, 20)) : 1 + random.Next(near);
            int copied = kind == 1 ? 4 + random.Next(8) : 1 + random.Next(64);
            body.Add((byte)(kind == 1 ? offset >> 8 << 5 | copied - 4 << 2 | 1 : copied - 1 << 2 | kind));
            for (int k = 0; k < (kind == 1 ? 1 : kind == 2 ? 2 : 4); k++) body.Add((byte)(offset >> 8 * k));
            length += copied;
        }

        Span<byte> header = stackalloc byte[5];
        int headerSize = 0;
        for (uint rest = (uint)length; ; rest >>= 7)
        {
            header[headerSize++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80) break;
        }

        return [.. header[..headerSize], .. body];
    }

    private static long Little(ReadOnlySpan<byte> bytes)
    {
        long value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--) value = value << 8 | bytes[i];
        return value;
    }
}
