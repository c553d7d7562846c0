using System.Buffers.Binary;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;
using OpSync.Fuzz.Reference;

namespace OpSync.Fuzz.Targets;

/// <summary>Execution payloads of all versions: a byte for the version, then SSZ.</summary>
internal sealed class SszTarget : FuzzTarget
{
    private static readonly KeccakBackend[] Backends = [.. Enum.GetValues<KeccakBackend>().Where(KeccakBackends.IsSupported)];

    public override string Name => "ssz";

    public override int VerdictsMin => 8;

    public override byte[] Generate(Random random)
    {
        int version = 1 + random.Next(4);
        return [(byte)version, .. Payloads.Next(random, (PayloadVersion)version, (ulong)random.Next(), (ulong)random.Next())];
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        if (input.Length > 0) Payloads.Describe(input, 1, VersionOf(input[0]), structure);
    }

    /// <summary>Takes bytes out of the middle and corrects the offsets behind: the list shrinks or grows as a whole.</summary>
    public override byte[]? MutateDeeply(Random random, byte[] input)
    {
        if (input.Length == 0) return null;
        int version = VersionOf(input[0]);
        int payload = 1 + (version >= 3 ? 32 : 0), tail = payload + Payloads.FixedSize(version);
        if (version < 2 || input.Length <= tail) return null;
        int at = random.Next(tail, input.Length);
        byte[] changed = random.Next(2) == 0
            ? [.. input.AsSpan(0, at), .. input.AsSpan(Math.Min(input.Length, at + 1 + random.Next(8)))]
            : [.. input.AsSpan(0, at), .. new byte[1 + random.Next(8)], .. input.AsSpan(at)];
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(payload + 508), changed.Length - payload);
        return changed;
    }

    public override Verdict Run(byte[] input)
    {
        if (input.Length == 0) return default;
        int version = VersionOf(input[0]);
        byte[] ssz = input[1..];
        AllocationBound bound = AllocationBound.Start();
        PayloadFault fault = ExecutionPayloadView.Read(ssz, (PayloadVersion)version, out ExecutionPayloadView view);
        bound.End(0);

        SlowPayload? slow = SlowPayload.Decode(ssz, version);
        FuzzFailure.Unless(Enum.IsDefined(fault), "unknown verdict:", $"{fault}");
        FuzzFailure.UnlessEqual(slow is not null, fault == PayloadFault.None, "slow decoder and decoder disagree:");
        if (slow is null) return Verdict.Of(false, (int)fault, ssz.Length / 256);

        FuzzFailure.UnlessSame(ssz, ExecutionPayload.From(view).ToSsz((PayloadVersion)version), "written anew it differs:");
        FuzzFailure.UnlessEqual(slow.Transactions.Count, view.Transactions.Count, "transactions:");
        for (int i = 0; i < slow.Transactions.Count; i++) FuzzFailure.UnlessSame(slow.Transactions[i], view.Transactions[i], "transaction:");
        FuzzFailure.UnlessSame(slow.ExtraData, view.ExtraData, "extra data:");

        byte[] hash = slow.BlockHash();
        foreach (KeccakBackend backend in Backends)
        {
            bound = AllocationBound.Start();
            var computed = view.ComputeBlockHash(backend);
            bound.End(64 * 1024 + 4 * ssz.Length);
            FuzzFailure.UnlessSame(hash, computed.Bytes, $"hash by {backend}:");
        }

        return Verdict.Of(true, 64 * version, slow.Transactions.Count);
    }

    private static int VersionOf(byte selector) => 1 + (selector - 1 & 3);
}
