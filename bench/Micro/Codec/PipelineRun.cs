using System.Diagnostics;
using System.Globalization;
using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;
using OpSync.Codec.Snappy;

namespace OpSync.Bench.Micro.Codec;

/// <summary>
/// One thread checks blocks of the default profile as a verifier does: snappy, SSZ, transactions root, block hash. All Keccak
/// backends run in turns, in many short rounds, and the fastest round of each counts: other work on the machine only adds time.
/// <c>dotnet run -c Release --project bench/Micro -- pipeline [default|small|huge] [rounds]</c>
/// </summary>
public static class PipelineRun
{
    private const int BytesPerRound = 4_000_000;
    private const int HashMessageSize = 13_600;
    private const int PassesPerRound = 4;
    private const double Mega = 1e6;

    public static int Run(string[] args)
    {
        SampleProfile profile = SampleProfile.Default;
        int rounds = 200;
        if ((args.Length > 0 && (!Enum.TryParse(args[0], ignoreCase: true, out profile) || !Enum.IsDefined(profile)))
            || (args.Length > 1 && (!int.TryParse(args[1], CultureInfo.InvariantCulture, out rounds) || rounds < 1)))
        {
            Console.Error.WriteLine("pipeline [default|small|huge] [rounds, 1 or more]");
            return 2;
        }

        SampleChain chain = new(new SampleChainOptions { Profile = profile });
        ulong blockCount = profile == SampleProfile.Huge ? 8ul : 256;
        SampleBlock[] blocks = [.. chain.Blocks(blockCount)];
        byte[][] responses = [.. blocks.Select(b => b.ToWire())];
        long ssz = blocks.Sum(b => (long)b.Ssz.Length);
        int passes = (int)Math.Max(1, BytesPerRound / ssz);

        KeccakBackend[] backends = [.. Enum.GetValues<KeccakBackend>().Where(b => b != KeccakBackend.Auto && KeccakBackends.IsSupported(b))];
        PayloadResponseReader[] readers = [.. backends.Select(b => new PayloadResponseReader(chain.Spec, backend: b))];
        byte[] scratch = new byte[PayloadByNumber.SizeMax];
        double[][] seconds = [.. backends.Select(_ => new double[rounds])];
        double[] decodeSeconds = new double[rounds];
        for (int round = -1; round < rounds; round++)   // the first round warms up
        {
            int at = Math.Max(0, round);
            for (int i = 0; i < backends.Length; i++) seconds[i][at] = Check(readers[i], responses, passes);
            decodeSeconds[at] = Decode(responses, scratch, passes);
        }

        double Speed(double[] values) => ssz * passes / Fastest(values) / Mega;
        Print($"{profile} profile, {blocks[0].Ssz.Length} bytes of SSZ, one thread, fastest of {rounds} rounds");
        Print($"  snappy alone       {Speed(decodeSeconds),8:F0} MB/s of SSZ");
        for (int i = 0; i < backends.Length; i++)
        {
            double speed = Speed(seconds[i]);
            Print($"  pipeline {backends[i],-9} {speed,8:F0} MB/s of SSZ   {speed / Speed(seconds[0]):F2} x scalar   "
                + $"{1e6 * Fastest(seconds[i]) / (passes * blocks.Length):F1} us per block   Keccak alone {HashSpeed(backends[i]):F0} MB/s");
        }

        return 0;
    }

    private static double Check(PayloadResponseReader reader, byte[][] responses, int passes)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < passes; pass++)
            for (int i = 0; i < responses.Length; i++)
                if (reader.Read(responses[i], (ulong)i + 1, out _) is var fault and not PayloadFault.None)
                    throw new InvalidOperationException($"Block {i + 1}: {fault}.");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Decode(byte[][] responses, byte[] scratch, int passes)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < passes; pass++)
            foreach (byte[] response in responses)
                SnappyFraming.Decode(response.AsSpan(PayloadByNumber.ResponseHeaderSize), scratch, out _, out _);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double HashSpeed(KeccakBackend backend)
    {
        byte[] source = new byte[HashMessageSize];
        KeccakMessage[] messages = [.. Enumerable.Repeat(new KeccakMessage(0, source.Length), 64)];
        Hash32[] hashes = new Hash32[messages.Length];
        double[] seconds = new double[50];
        for (int round = 0; round < seconds.Length; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < PassesPerRound; i++) Keccak256Batch.Hash(source, messages, hashes, backend);
            seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return (double)PassesPerRound * messages.Length * source.Length / Fastest(seconds) / Mega;
    }

    private static double Fastest(double[] values) => values.Min();

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static void Print(string text) => Console.WriteLine(text);
}
