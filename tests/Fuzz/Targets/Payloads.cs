using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Fuzz.Kit;
using OpSync.TestKit;

namespace OpSync.Fuzz.Targets;

/// <summary>Random execution payloads, and where their offsets stand.</summary>
internal static class Payloads
{
    /// <summary>A payload whose stated hash is right.</summary>
    public static byte[] Next(Random random, PayloadVersion version, ulong number, ulong timestamp)
    {
        ExecutionPayload payload = new()
        {
            ParentHash = new Hash32(random.NextBytes(32)),
            FeeRecipient = new Address(random.NextBytes(20)),
            StateRoot = new Hash32(random.NextBytes(32)),
            ReceiptsRoot = new Hash32(random.NextBytes(32)),
            LogsBloom = random.Next(2) == 0 ? new byte[256] : random.NextBytes(256),
            PrevRandao = new Hash32(random.NextBytes(32)),
            BlockNumber = number,
            GasLimit = (ulong)random.NextInt64() >> random.Next(64),
            GasUsed = (ulong)random.NextInt64() >> random.Next(64),
            Timestamp = timestamp,
            ExtraData = random.NextBytes(random.Next(4) * random.Next(11)),
            BaseFeePerGas = new UInt256((ulong)random.NextInt64() >> random.Next(64), random.Next(4) == 0 ? (ulong)random.NextInt64() : 0, 0, 0),
            BlobGasUsed = random.Next(2) == 0 ? 0 : (ulong)random.NextInt64(),
            ParentBeaconBlockRoot = new Hash32(random.NextBytes(32)),
            WithdrawalsRoot = new Hash32(random.NextBytes(32)),
        };
        int count = random.Next(16) switch { 0 => 0, 1 => 120 + random.Next(20), < 10 => 1 + random.Next(4), _ => random.Next(24) };
        for (int i = 0; i < count; i++)
        {
            int size = 1 + random.Next(count > 100 ? 8 : random.Next(4) == 0 ? 300 : 40);
            byte[] transaction = new byte[size];
            if (random.Next(2) == 0) random.NextBytes(transaction);   // the rest compresses
            payload.Transactions.Add(transaction);
        }

        payload.BlockHash = payload.ComputeBlockHash(version);
        return payload.ToSsz(version);
    }

    /// <summary>Bytes before the extra data, by the spec.</summary>
    public static int FixedSize(int version) => version switch { 1 => 508, 2 => 512, 3 => 528, _ => 560 };

    /// <summary>Marks offsets, integers, and the border of every transaction.</summary>
    public static void Describe(ReadOnlySpan<byte> input, int start, int version, Structure structure)
    {
        int payload = start + (version >= 3 ? 32 : 0);
        if (input.Length < payload + FixedSize(version)) return;
        foreach (int at in (int[])[404, 412, 420, 428]) structure.Number(payload + at, 8, NumberForm.LittleEndian);
        foreach (int at in (int[])[436, 504, .. version >= 2 ? [508] : (int[])[]])
        {
            // Offsets matter more than other numbers, so they are offered three times.
            for (int i = 0; i < 3; i++) structure.Number(payload + at, 4, NumberForm.LittleEndian);
        }

        structure.Cut(start);
        structure.Cut(payload);
        structure.Cut(payload + FixedSize(version));
        long list = payload + BitConverter.ToUInt32(input[(payload + 504)..]);
        if (list + 4 > input.Length || list < payload) return;
        uint first = BitConverter.ToUInt32(input[(int)list..]);
        for (long at = list; at < list + first && at + 4 <= input.Length && at < list + 64; at += 4)
        {
            structure.Number((int)at, 4, NumberForm.LittleEndian);
            long item = list + BitConverter.ToUInt32(input[(int)at..]);
            if (item <= input.Length) structure.Cut((int)item);
        }

        structure.Cut(input.Length);
    }
}
