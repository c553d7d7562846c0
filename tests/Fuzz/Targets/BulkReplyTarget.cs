using OpSync.Codec.Bulk;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>What an OpSync peer answers when it is asked for payloads from 1,000 on, or for its status: a byte for which of them,
/// then the answer.</summary>
internal sealed class BulkReplyTarget : FuzzTarget
{
    private const ulong First = 1_000;
    private const int CountMax = 4;
    private const uint RetryMillisecondsMax = 60_000;

    public override string Name => "bulk-reply";

    public override int VerdictsMin => 12;

    public override byte[] Generate(Random random)
    {
        byte kind = (byte)random.Next(2);
        if (random.Next(6) == 0) return [kind, .. BulkAnswer.Refuse((BulkCode)random.Next(1, 5), TimeSpan.FromMilliseconds(random.Next(90_000)))];
        List<byte> answer = [kind, 0];
        if (kind == 0)
        {
            for (int i = 0, count = random.Next(1, CountMax + 1); i < count; i++)
            {
                int flags = random.Next(2);
                byte[] wire = random.NextBytes(random.Next(1, 200));
                answer.AddRange([.. BitConverter.GetBytes(wire.Length), .. BitConverter.GetBytes(First + (ulong)i), (byte)flags, .. random.NextBytes(65 * flags), .. wire]);
            }

            return [.. answer, 0, 0, 0, 0, (byte)random.Next(5), .. BitConverter.GetBytes(random.Next(90_000))];
        }

        int spans = random.Next(8) == 0 ? 64 : random.Next(5);
        answer.AddRange([.. BitConverter.GetBytes((ulong)random.Next()), .. BitConverter.GetBytes(random.Next()), .. BitConverter.GetBytes(random.Next()), (byte)spans]);
        ulong at = (ulong)random.Next(100);
        for (int i = 0; i < spans; i++)
        {
            ulong last = at + (ulong)random.Next(100);
            answer.AddRange([.. BitConverter.GetBytes(at), .. BitConverter.GetBytes(last)]);
            at = last + 1 + (ulong)random.Next(50);
        }

        return [.. answer];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < 2) return;
        structure.Number(0, 1, NumberForm.LittleEndian);
        structure.Number(1, 1, NumberForm.LittleEndian);
        if (input[0] % 2 == 0)
        {
            for (long at = 2; at + 13 <= input.Length;)
            {
                structure.Cut((int)at);
                structure.Number((int)at, 4, NumberForm.LittleEndian);
                structure.Number((int)at + 4, 8, NumberForm.LittleEndian);
                structure.Number((int)at + 12, 1, NumberForm.LittleEndian);
                at += 13 + BitConverter.ToUInt32(input[(int)at..]) + (input[(int)at + 12] == 1 ? 65 : 0);
            }
        }
        else if (input.Length > 18)
        {
            structure.Number(10, 4, NumberForm.LittleEndian);
            structure.Number(14, 4, NumberForm.LittleEndian);
            structure.Number(18, 1, NumberForm.LittleEndian);
            for (int at = 19; at + 16 <= input.Length; at += 16)
            {
                structure.Cut(at);
                structure.Number(at, 8, NumberForm.LittleEndian);
                structure.Number(at + 8, 8, NumberForm.LittleEndian);
            }
        }

        structure.Cut(input.Length);
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length == 0) return default;
        return input[0] % 2 == 0 ? RunPayloads(input[1..]) : RunStatus(input[1..]);
    }

    private static Verdict RunPayloads(byte[] answer)
    {
        PayloadsReader reader = new(answer, new PayloadsRequest(First, First + CountMax - 1, int.MaxValue));
        SlowReader slow = new(answer);
        AllocationBound bound = AllocationBound.Start();
        long compared = 0;
        while (reader.TryRead(out PayloadRead item))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            FuzzFailure.UnlessEqual(slow.Next(), item.Number, "number:");
            FuzzFailure.UnlessSame(slow.Signature, item.Signature, "signature:");
            FuzzFailure.UnlessSame(slow.Wire, item.Wire, "payload:");
            compared += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        bound.End(compared);
        FuzzFailure.UnlessEqual(null, slow.Next(), "item not read:");
        FuzzFailure.UnlessEqual(slow.Count, reader.Count, "count:");
        FuzzFailure.UnlessEqual(slow.IsWhole, reader.Fault == BulkFault.None, "accepted:");
        if (!slow.IsWhole) return Verdict.Of(false, (int)reader.Fault, reader.Count);
        FuzzFailure.UnlessEqual(slow.Code, (byte)reader.Code, "code:");
        FuzzFailure.UnlessEqual(slow.End, (byte)reader.End, "end:");
        FuzzFailure.UnlessEqual(TimeSpan.FromMilliseconds(slow.Milliseconds), reader.RetryAfter, "retry:");
        return Verdict.Of(true, 64 | (int)reader.Code << 3 | (int)reader.End, reader.Count);
    }

    private static Verdict RunStatus(byte[] answer)
    {
        AllocationBound bound = AllocationBound.Start();
        BulkFault fault = StatusReply.Read(answer, out BulkCode code, out StatusReply? reply);
        bound.End(64 * 16 + 512);

        if (answer.Length > 0 && answer[0] != 0)
        {
            bool isRefusal = answer[0] <= 4 && answer.Length == 5;
            FuzzFailure.UnlessEqual(isRefusal, fault == BulkFault.None, "refusal:");
            FuzzFailure.Unless(reply is null, "a refusal with a reply");
            return Verdict.Of(isRefusal, 256 | (int)fault << 3 | (isRefusal ? (int)code : 0));
        }

        // A number of spans, spans in order without touching or overlap, and nothing else.
        List<(ulong First, ulong Last)> spans = [];
        bool isGood = answer.Length >= 18 && answer[17] <= 64 && answer.Length == 18 + 16 * answer[17]
            && BitConverter.ToInt32(answer, 9) >= 0 && BitConverter.ToInt32(answer, 13) >= 0;
        for (int at = 18; isGood && at < answer.Length; at += 16)
        {
            (ulong first, ulong last) = (BitConverter.ToUInt64(answer, at), BitConverter.ToUInt64(answer, at + 8));
            isGood = first <= last && (spans.Count == 0 || first > spans[^1].Last);
            spans.Add((first, last));
        }

        FuzzFailure.UnlessEqual(isGood, fault == BulkFault.None, "accepted:");
        FuzzFailure.UnlessEqual(isGood, reply is not null, "reply:");
        if (reply is null) return Verdict.Of(false, 256 | (int)fault << 3 | 5);
        FuzzFailure.Unless(spans.SequenceEqual(reply.Held.Select(h => (h.First, h.Last))), "spans:");
        FuzzFailure.UnlessEqual(BitConverter.ToUInt64(answer, 1) / 1_000.0, reply.BlocksPerSecond, "rate:");
        FuzzFailure.UnlessEqual((BitConverter.ToInt32(answer, 9), BitConverter.ToInt32(answer, 13)), (reply.Burst, reply.HeadersPerBlock), "numbers:");
        return Verdict.Of(true, 256 | 6, spans.Count);
    }

    /// <summary>Reads with a cursor and copies.</summary>
    private sealed class SlowReader
    {
        private readonly byte[] _answer;
        private int _at = 1;
        private bool _isOver;

        public SlowReader(byte[] answer)
        {
            _answer = answer;
            _isOver = answer.Length == 0 || answer[0] != 0;
            Code = answer.Length == 0 ? (byte)0 : answer[0];
            if (answer.Length != 5 || Code is 0 or > 4) return;
            IsWhole = true;
            Milliseconds = Math.Min(RetryMillisecondsMax, BitConverter.ToUInt32(answer, 1));
        }

        public byte Code { get; }

        public bool IsWhole { get; private set; }

        public byte End { get; private set; }

        public uint Milliseconds { get; private set; }

        public int Count { get; private set; }

        public byte[] Signature { get; private set; } = [];

        public byte[] Wire { get; private set; } = [];

        /// <summary>The next number, null behind the last.</summary>
        public ulong? Next()
        {
            if (_isOver) return null;
            _isOver = true;
            byte[] rest = _answer[_at..];
            if (rest.Length < 4) return null;
            uint length = BitConverter.ToUInt32(rest);
            if (length == 0)
            {
                if (rest.Length != 9 || rest[4] > 4 || Count == 0) return null;
                (IsWhole, End, Milliseconds) = (true, rest[4], Math.Min(RetryMillisecondsMax, BitConverter.ToUInt32(rest, 5)));
                return null;
            }

            if (length > PayloadByNumber.SizeMax || rest.Length < 13 || rest[12] > 1 || Count == CountMax) return null;
            int start = 13 + 65 * rest[12];
            if (rest.Length < start + length || BitConverter.ToUInt64(rest, 4) != First + (ulong)Count) return null;
            (Signature, Wire) = (rest[13..start], rest[start..(start + (int)length)]);
            _at += start + (int)length;
            _isOver = false;
            return First + (ulong)Count++;
        }
    }
}
