using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Transactions;

namespace OpSync.Bench.Micro.Codec;

/// <summary>Writes one real block as JSON, again and again on one thread. Arguments: a file of SSZ in hex, named as those in
/// tests/Vectors/real-blocks/ssz, and optionally the seconds per form. Times are of the processor, so other programs do not count.</summary>
internal static class BlockJsonRun
{
    public static int Run(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("rpc <file.v3.ssz.hex> [seconds]");
            return 2;
        }

        if (!Hex.TryDecode(File.ReadAllText(args[0]).Trim(), out byte[]? ssz)) throw new InvalidDataException($"{args[0]}: no hex");
        PayloadVersion version = (PayloadVersion)(args[0][args[0].LastIndexOf(".v", StringComparison.Ordinal) + 2] - '0');
        TimeSpan time = TimeSpan.FromSeconds(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 3);
        PayloadFault fault = ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView payload);
        if (fault != PayloadFault.None) throw new InvalidDataException($"{args[0]}: {fault}");

        Console.WriteLine($"{ssz.Length} bytes of SSZ, {payload.Transactions.Count} transactions");
        Measure("full transactions", time, payload, static (view, buffer) =>
        {
            using Utf8JsonWriter writer = new(buffer);
            BlockJson.TryWriteFull(writer, view);
        });
        Measure("hashes", time, payload, static (view, buffer) =>
        {
            using Utf8JsonWriter writer = new(buffer);
            BlockJson.WriteWithHashes(writer, view);
        });
        Measure("senders", time, payload, static (view, _) =>
        {
            for (int i = 0; i < view.Transactions.Count; i++)
            {
                TransactionView.Read(view.Transactions[i], out TransactionView transaction);
                transaction.TryGetSender(out Address _);
            }
        });
        return 0;
    }

    private delegate void Work(ExecutionPayloadView payload, ArrayBufferWriter<byte> buffer);

    private static void Measure(string name, TimeSpan time, ExecutionPayloadView payload, Work work)
    {
        ArrayBufferWriter<byte> buffer = new();
        Repeat(time / 2, payload, work, buffer);   // until the code is optimised
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long rounds = Repeat(time, payload, work, buffer);
        double seconds = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / rounds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-18} {seconds / rounds * 1e6,9:0.0} us CPU a block {rounds / seconds,8:0}/s per core {buffer.WrittenCount,8} bytes of JSON {allocated,6} bytes allocated"));
    }

    private static long Repeat(TimeSpan time, ExecutionPayloadView payload, Work work, ArrayBufferWriter<byte> buffer)
    {
        long rounds = 0, start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; rounds++)
        {
            buffer.ResetWrittenCount();
            work(payload, buffer);
        }

        return rounds;
    }
}
