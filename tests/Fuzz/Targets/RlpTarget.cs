using OpSync.Codec.Rlp;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>One RLP item.</summary>
internal sealed class RlpTarget : FuzzTarget
{
    public override string Name => "rlp";

    // The readers of both sides recurse.
    public override int SizeMax => 2_048;

    public override byte[] Generate(Random random) => SlowRlp.Encode(Item(random, 4));

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        // Headers one after the other, lists entered: exact for valid input and good enough for the rest.
        for (int at = 0; at < input.Length;)
        {
            structure.Cut(at);
            int first = input[at], code = first >= 0xc0 ? first - 0xc0 : first - 0x80;
            structure.Number(at, 1, NumberForm.BigEndian);
            if (code > 55) structure.Number(at + 1, Math.Min(code - 55, input.Length - at - 1), NumberForm.BigEndian);
            at += first < 0x80 ? 1 : code > 55 ? 1 + code - 55 : first >= 0xc0 ? 1 : 1 + code;
        }

        structure.Cut(input.Length);
    }

    public override Verdict Run(byte[] input)
    {
        object? expected = SlowRlp.Decode(input);
        AllocationBound bound = AllocationBound.Start();
        RlpReader probe = new(input);
        bool split = probe.TryReadString(out _) || probe.TryReadList(out _) || probe.TryReadUInt64(out _);
        bound.End(0);

        RlpReader reader = new(input);
        object? actual = Read(ref reader);
        if (!reader.IsEnd) actual = null;
        FuzzFailure.UnlessEqual(expected is not null, actual is not null, "slow decoder and decoder disagree:");
        if (actual is null) return Verdict.Of(false, split ? 1 : 0, input.Length);

        FuzzFailure.UnlessSame(input, SlowRlp.Encode(actual), "written anew it differs:");
        byte[] target = new byte[input.Length];
        RlpWriter writer = new(target);
        Write(ref writer, actual);
        FuzzFailure.UnlessSame(input, target.AsSpan(0, writer.Written), "written by the writer it differs:");
        return Verdict.Of(true, 2 + Depth(actual), input.Length);
    }

    private static object Item(Random random, int depth)
    {
        if (depth > 0 && random.Next(2) == 0)
            return Enumerable.Range(0, random.Next(7)).Select(_ => Item(random, depth - 1)).ToList();
        int size = random.Next(6) switch { 0 => 0, 1 => 1, 2 => random.Next(9), 3 => 54 + random.Next(4), 4 => random.Next(64), _ => 250 + random.Next(12) };
        byte[] text = random.NextBytes(depth < 2 ? Math.Min(size, 60) : size);
        if (text.Length > 0 && random.Next(3) == 0) text[0] = (byte)random.Next(2);
        return text;
    }

    private static object? Read(ref RlpReader reader)
    {
        RlpReader asNumber = reader;
        if (reader.TryReadString(out ReadOnlySpan<byte> text))
        {
            bool isNumber = text.Length <= 8 && (text.Length == 0 || text[0] != 0);
            FuzzFailure.UnlessEqual(isNumber, asNumber.TryReadUInt64(out ulong number), "number:");
            if (isNumber) FuzzFailure.UnlessSame(SlowRlp.Number(number), text, "number's bytes:");
            return text.ToArray();
        }

        FuzzFailure.UnlessEqual(false, asNumber.TryReadUInt64(out _), "a number that is no string:");
        if (!reader.TryReadList(out RlpReader items)) return null;
        List<object> list = [];
        while (!items.IsEnd)
        {
            if (Read(ref items) is not { } item) return null;
            list.Add(item);
        }

        return list;
    }

    private static void Write(ref RlpWriter writer, object item)
    {
        if (item is byte[] text)
        {
            int before = writer.Written;
            writer.WriteString(text);
            FuzzFailure.UnlessEqual(RlpWriter.StringSize(text), writer.Written - before, "size of a string:");
            return;
        }

        writer.WriteListHeader(((List<object>)item).Sum(i => SlowRlp.Encode(i).Length));
        foreach (object inner in (List<object>)item) Write(ref writer, inner);
    }

    private static int Depth(object item) => item is List<object> list ? 1 + list.Select(Depth).DefaultIfEmpty().Max() : 0;
}
