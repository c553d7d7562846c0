using System.Buffers.Binary;
using System.Numerics;
using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;

namespace OpSync.Fuzz.Targets;

/// <summary>The deposit at the start of a block (OP Stack deposits spec; L1 attributes by fork).</summary>
internal sealed class L1AttributesTarget : FuzzTarget
{
    private readonly byte[][] _deposits;

    public L1AttributesTarget()
    {
        List<byte[]> deposits = [];
        foreach (Fork fork in (Fork[])[Fork.Bedrock, Fork.Ecotone, Fork.Isthmus, Fork.Jovian])
        {
            SampleChain chain = new(new SampleChainOptions { Fork = fork, Profile = SampleProfile.Small });
            foreach (SampleBlock block in chain.Blocks(8))
            {
                ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView view);
                deposits.Add(view.Transactions[0].ToArray());
            }
        }

        _deposits = [.. deposits];
    }

    public override string Name => "l1-attributes";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [[0x01, 0x5d, 0x8e, 0xb9], [0x44, 0x0a, 0x5e, 0x20], [0x09, 0x89, 0x99, 0xbe], [0x3d, 0xb6, 0xbe, 0x2b], [0x7e], [0x80], [0xc0]];

    public override byte[] Generate(Random random) => _deposits[random.Next(_deposits.Length)];

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        structure.Cut(0);
        for (int at = 1; at < input.Length;)
        {
            structure.Cut(at);
            int first = input[at];
            structure.Number(at, 1, NumberForm.BigEndian);
            at += first switch { < 0x80 => 1, < 0xb8 => 1 + first - 0x80, < 0xc0 => 1 + first - 0xb7, < 0xf8 => 1, _ => 1 + first - 0xf7 };
        }

        structure.Cut(input.Length);
    }

    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        // Another field in a list that is whole again.
        if (input.Length == 0 || SlowRlp.Decode(input[1..]) is not List<object> { Count: > 0 } fields) return null;
        int field = random.Next(fields.Count);
        switch (random.Next(4))
        {
            case 0: fields.RemoveAt(field); break;
            case 1: fields.Insert(field, fields[random.Next(fields.Count)]); break;
            case 2: fields[field] = new List<object>(); break;
            default:
                byte[] bytes = [.. fields[field] as byte[] ?? [1]];
                Array.Resize(ref bytes, Math.Max(0, bytes.Length + random.Next(-2, 3)));
                if (bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= (byte)random.Next(256);
                fields[field] = bytes;
                break;
        }

        return [input[0], .. SlowRlp.Encode(fields)];
    }

    public override Verdict Run(byte[] input)
    {
        AllocationBound bound = AllocationBound.Start();
        bool isRead = L1Attributes.TryRead(input, out L1Attributes attributes);
        bound.End(0);

        var expected = Expect(input);
        FuzzFailure.UnlessEqual(expected is not null, isRead, "slow decoder and decoder disagree:");
        if (expected is not { } e) return Verdict.Of(false, 0, input.Length);
        FuzzFailure.UnlessEqual(e.Number, attributes.Origin.Number, "origin:");
        FuzzFailure.UnlessEqual(e.Sequence, attributes.SequenceNumber, "sequence number:");
        FuzzFailure.UnlessSame(e.Hash, attributes.Origin.Hash.Bytes, "hash:");
        return Verdict.Of(true, 1, input.Length);
    }

    private static (ulong Number, byte[] Hash, ulong Sequence)? Expect(byte[] input)
    {
        if (input.Length == 0 || input[0] != 0x7e || SlowRlp.Decode(input[1..]) is not List<object> { Count: 8 } fields) return null;
        if (!fields.All(f => f is byte[])) return null;
        byte[][] f = [.. fields.Cast<byte[]>()];
        if (f[0].Length != 32 || f[1].Length != 20 || f[2].Length > 20 || f[3].Length > 32 || f[4].Length > 32) return null;
        if (f[5].Length > 8 || f[6].Length > 8 || f[5] is [0, ..] || f[6] is [0, ..]) return null;
        byte[] data = f[7];
        if (data.Length < 4) return null;
        string selector = Convert.ToHexStringLower(data.AsSpan(0, 4));
        if (selector == "015d8eb9" && data.Length == 260)
        {
            BigInteger Word(int index) => new(data.AsSpan(4 + 32 * index, 32), isUnsigned: true, isBigEndian: true);
            return Word(0) > ulong.MaxValue || Word(4) > ulong.MaxValue ? null : ((ulong)Word(0), data[100..132], (ulong)Word(4));
        }

        if ((selector, data.Length) is ("440a5e20", 164) or ("098999be", 176) or ("3db6be2b", 178))
        {
            return (BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(28)), data[100..132], BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(12)));
        }

        return null;
    }
}
