using OpSync.Fuzz.Kit;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>The reader that gathers an answer: limit, expected size, piece size, end, then the answer.</summary>
internal sealed class ResponseStreamTarget : FuzzTarget
{
    private const int Head = 6;

    public override string Name => "response-stream";

    public override IReadOnlyList<byte[]> Dictionary { get; } = [new byte[255], new byte[256], new byte[257], new byte[1_024]];

    public override byte[] Generate(Random random)
    {
        int size = random.Next(3) switch { 0 => 0, 1 => random.Next(700), _ => random.Next(8_000) };
        int limit = Math.Max(1, size + random.Next(200)), expected = random.Next(4) == 0 ? 0 : random.Next(1, 4_096);
        return [.. BitConverter.GetBytes((ushort)limit), .. BitConverter.GetBytes((ushort)expected), (byte)random.Next(256), 0, .. random.NextBytes(size)];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length < Head) return;
        structure.Number(0, 2, NumberForm.LittleEndian);
        structure.Number(2, 2, NumberForm.LittleEndian);
        structure.Number(4, 1, NumberForm.LittleEndian);
        structure.Number(5, 1, NumberForm.LittleEndian);
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length < Head) return default;
        int limit = Math.Max(1, (int)BitConverter.ToUInt16(input)), expected = BitConverter.ToUInt16(input, 2);
        byte[] answer = input[Head..];
        bool breaks = (input[5] & 1) != 0;
        Granting budget = new();
        FakeTime time = new();
        using Deadline deadline = new(TimeSpan.FromSeconds(10), time, CancellationToken.None);
        ScriptedStream stream = new(answer, 1 + 8 * input[4], breaks);

        AllocationBound bound = AllocationBound.Start();
        using ResponseReader reader = new(new ExchangeLimits { ResponseSizeMax = limit, ExpectedSize = expected, Budget = budget }, time);
        bool? isWhole = null;
        try
        {
            isWhole = Completed.Get(reader.ReadAsync(stream, deadline));
        }
        catch (StreamResetException)
        {
            // The connection was lost, which the exchange makes an outcome.
        }

        bound.End(8 * 1024 + 4 * Math.Max(Math.Min(limit, 256), Math.Max(Math.Min(limit, expected), 2 * answer.Length)));
        bool? due = answer.Length > limit ? false : breaks ? null : true;
        FuzzFailure.UnlessEqual(due, isWhole, "outcome:");

        // What is accounted is what may be held: never above the limit, and no more than the answer made necessary.
        int accounted = Math.Clamp(expected, Math.Min(256, limit), limit) + budget.Granted;
        FuzzFailure.Unless(accounted <= limit, "accounted more than the limit:", $"{accounted} of {limit}");
        FuzzFailure.Unless(budget.Granted <= 2 * answer.Length, "asked for more room than the answer needs:", $"{budget.Granted}");
        if (isWhole != true) return Verdict.Of(false, isWhole is null ? 1 : 2, answer.Length);
        using PooledResponse response = reader.Take();
        FuzzFailure.UnlessSame(answer, response.Memory.Span, "answer:");
        FuzzFailure.Unless(accounted >= answer.Length, "held more than was accounted:", $"{accounted}");
        return Verdict.Of(true, 3 + budget.Requests, answer.Length);
    }

    private sealed class Granting : IReadBudget
    {
        public int Granted { get; private set; }

        public int Requests { get; private set; }

        public ValueTask ExtendAsync(int moreBytes, CancellationToken cancellationToken)
        {
            FuzzFailure.Unless(moreBytes > 0, "asked for no room");
            Granted += moreBytes;
            Requests++;
            return default;
        }
    }
}
