using System.Buffers.Binary;
using System.Numerics;
using OpSync.Codec.Bulk;
using OpSync.Codec.Primitives;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>What an OpSync peer answers when it is asked for headers: 8 bytes for the number that was asked for, then the answer.</summary>
internal sealed class HeadersTarget : FuzzTarget
{
    private const int NumberSize = 8;
    private const int CountMax = 4;

    public override string Name => "headers";

    public override int VerdictsMin => 8;

    public override byte[] Generate(Random random)
    {
        ulong number = (ulong)random.Next(1 << random.Next(1, 30));
        if (random.Next(6) == 0) return [.. BitConverter.GetBytes(number), .. BulkAnswer.Refuse((BulkCode)random.Next(1, 5), TimeSpan.FromMilliseconds(random.Next(90_000)))];

        List<byte[]> headers = [];
        byte[] parent = random.NextBytes(Hash32.Size);
        int count = (int)Math.Min(number + 1, (ulong)random.Next(1, CountMax + 1));
        for (int i = count - 1; i >= 0; i--)
        {
            byte[] header = Header(random, number - (ulong)i, parent);
            headers.Insert(0, header);
            parent = SlowKeccak.Hash(header);
        }

        List<byte> answer = [.. BitConverter.GetBytes(number), 0];
        foreach (byte[] header in headers) answer.AddRange([.. BitConverter.GetBytes((ushort)header.Length), .. header]);
        return [.. answer, 0, 0, (byte)random.Next(5), .. BitConverter.GetBytes(random.Next(90_000))];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length <= NumberSize) return;
        structure.Number(0, NumberSize, NumberForm.LittleEndian);
        for (int at = NumberSize + 1; at + 2 <= input.Length; at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(input[at..]))
        {
            structure.Cut(at);
            structure.Number(at, 2, NumberForm.LittleEndian);
            if (BinaryPrimitives.ReadUInt16LittleEndian(input[at..]) == 0) return;
        }
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < NumberSize) return Verdict.Of(false, 0);
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(input);
        HeadersRequest request = new(number, null, CountMax, int.MaxValue);
        AllocationBound bound = AllocationBound.Start();
        BulkFault fault = HeadersReply.Read(input.AsSpan(NumberSize), request, out HeadersReply? reply);
        bound.End(4_096);

        List<byte[]>? expected = Slow(input[NumberSize..], number);
        FuzzFailure.UnlessEqual(expected is not null, fault == BulkFault.None, "accepted:");
        FuzzFailure.UnlessEqual(fault == BulkFault.None, reply is not null, "reply:");
        if (reply is null) return Verdict.Of(false, (int)fault);
        FuzzFailure.UnlessEqual(Math.Max(0, expected!.Count - 1), reply.Hashes.Length, "count:");
        for (int i = 0; i < reply.Hashes.Length; i++) FuzzFailure.UnlessSame(expected[i], reply.Hashes[i].Bytes, "hash:");
        if (reply.Hashes.Length > 0) FuzzFailure.UnlessSame(expected[^1], reply.BottomParent.Bytes, "parent:");
        FuzzFailure.Unless(reply.RetryAfter <= BulkAnswer.RetryAfterMax, "retry", reply.RetryAfter.ToString());
        return Verdict.Of(true, 32 + (int)reply.Code, reply.Hashes.Length);
    }

    /// <summary>The hashes of an answer and the parent below them; empty for a refusal, null for what must not be accepted.</summary>
    private static List<byte[]>? Slow(byte[] answer, ulong number)
    {
        if (answer.Length == 0) return null;
        if (answer[0] != 0) return answer[0] <= 4 && answer.Length == 5 ? [] : null;
        List<byte[]> hashes = [];
        byte[]? parent = null;
        for (int at = 1; ;)
        {
            if (answer.Length < at + 2) return null;
            int length = answer[at] | answer[at + 1] << 8;
            at += 2;
            if (length == 0) return parent is not null && answer.Length == at + 5 && answer[at] <= 4 ? [.. hashes, parent] : null;
            if (length > 768 || hashes.Count == CountMax || answer.Length < at + length) return null;
            byte[] rlp = answer[at..(at + length)];
            at += length;
            if (SlowRlp.Decode(rlp) is not List<object> { Count: >= 16 and <= 21 } fields) return null;
            for (int i = 0; i < fields.Count; i++)
            {
                if (fields[i] is not byte[] field || field.Length > (i == 6 ? 256 : 32)) return null;
                if (i is 8 or 11 && (field.Length > 8 || field is [0, ..])) return null;
            }

            byte[] hash = SlowKeccak.Hash(rlp), above = (byte[])fields[0];
            if (above.Length != 32 || new BigInteger((byte[])fields[8], isUnsigned: true, isBigEndian: true) != (BigInteger)number - hashes.Count) return null;
            if (parent is not null && !parent.AsSpan().SequenceEqual(hash)) return null;
            hashes.Add(hash);
            parent = above;
        }
    }

    private static byte[] Header(Random random, ulong number, byte[] parent)
    {
        object[] fields = new object[random.Next(16, 22)];
        for (int i = 0; i < fields.Length; i++) fields[i] = random.NextBytes(random.Next(25));
        fields[0] = parent;
        fields[6] = new byte[256];
        fields[8] = SlowRlp.Number(number);
        fields[11] = SlowRlp.Number(random.Next());
        return SlowRlp.Encode(fields);
    }
}
