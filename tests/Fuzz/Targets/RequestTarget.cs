using System.Numerics;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>A request of payload_by_number, and the bounds that a server holds its number against.</summary>
internal sealed class RequestTarget : FuzzTarget
{
    public override string Name => "request";

    public override int SizeMax => 64;

    public override byte[] Generate(Random random)
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest((ulong)random.NextInt64() >> random.Next(64), request);
        return [.. request, .. random.NextBytes(random.Next(2) * random.Next(9))];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length >= PayloadByNumber.RequestSize) structure.Number(0, PayloadByNumber.RequestSize, NumberForm.LittleEndian);
    }

    public override Verdict Run(byte[] input)
    {
        AllocationBound bound = AllocationBound.Start();
        bool isRead = PayloadByNumber.TryReadRequest(input, out ulong number);
        bound.End(0);
        FuzzFailure.UnlessEqual(input.Length >= 8, isRead, "length:");
        if (!isRead) return Verdict.Of(false, 0, input.Length);
        FuzzFailure.UnlessEqual(new BigInteger(input.AsSpan(0, 8), isUnsigned: true), number, "number:");

        BigInteger time = SlowResponse.GenesisTime + SlowResponse.BlockSeconds * (BigInteger)number;
        FuzzFailure.UnlessEqual(BigInteger.Min(time, ulong.MaxValue), SlowResponse.Chain.TimestampOf(number), "time:");
        ulong? newest = SlowResponse.Chain.ExpectedNumberAt(number);
        FuzzFailure.UnlessEqual(number < SlowResponse.GenesisTime ? null : (number - SlowResponse.GenesisTime) / SlowResponse.BlockSeconds, newest, "newest:");
        return Verdict.Of(true, newest is null ? 1 : 2, BitOperations.Log2(number));
    }
}
