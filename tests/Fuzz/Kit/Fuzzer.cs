using System.Diagnostics;
using System.Globalization;
using OpSync.TestKit;

namespace OpSync.Fuzz.Kit;

/// <summary>Runs a target: inputs from its grammar, mutations of them, and mutations of what showed something new.</summary>
internal static class Fuzzer
{
    /// <summary>Runs per target, where the default is not wanted.</summary>
    public const string RunsVariable = "OPSYNC_FUZZ_RUNS";

    /// <summary>One input in hex, to be run instead of everything else.</summary>
    public const string InputVariable = "OPSYNC_FUZZ_INPUT";

    private const int RunsShort = 2_000;
    private const int RunsLong = 20_000;

    /// <summary>Inputs kept for further mutation; a new one then takes the place of any.</summary>
    private const int CorpusMax = 256;

    private const int VerdictsMax = 65_536;

    /// <summary>Attempts to make a failing input smaller.</summary>
    private const int ShrinkAttemptsMax = 2_000;

    /// <summary>Allocations of static constructors and pools happen once; a bound passed this often in a row is a fault.</summary>
    private const int AllocationAttempts = 3;

    private static int RunsOf(FuzzTarget target) =>
        int.TryParse(Environment.GetEnvironmentVariable(RunsVariable), CultureInfo.InvariantCulture, out int runs) ? runs
        : Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? RunsLong : RunsShort / target.Cost;

    /// <summary>Runs a target as often as the environment says and fails with an input that reproduces the fault.</summary>
    public static void Run(FuzzTarget target)
    {
        using Watchdog watchdog = new(target.Name);
        if (Environment.GetEnvironmentVariable(InputVariable) is { Length: > 0 } hex)
        {
            byte[] input = Convert.FromHexString(hex);
            watchdog.Begin(input);
            Verdict verdict = target.Run(input);
            Write($"{target.Name}: {(verdict.Accepted ? "accepted" : "refused")}, verdict {verdict.Code:x}");
            return;
        }

        Random random = Seeds.Create(NumberOf(target.Name));
        Mutator mutator = new(target);
        List<byte[]> corpus = [];
        HashSet<Verdict> seen = [];
        int runs = RunsOf(target), accepted = 0;
        long started = Stopwatch.GetTimestamp();
        for (int run = 0; run < runs; run++)
        {
            byte[] input = target.Generate(random);
            bool isValid = run % 4 == 0;
            if (!isValid)
            {
                byte[] start = corpus.Count > 0 && random.Next(2) == 0 ? corpus[random.Next(corpus.Count)] : input;
                input = mutator.Mutate(random, start, input);
            }

            Verdict verdict = Check(target, input, isValid, run, watchdog);
            if (verdict.Accepted) accepted++;
            if (seen.Count >= VerdictsMax || !seen.Add(verdict)) continue;
            if (corpus.Count < CorpusMax) corpus.Add(input);
            else corpus[random.Next(CorpusMax)] = input;
        }

        Write(string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name}: {runs} runs, {accepted} accepted, {seen.Count} verdicts, {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
        Assert.True(runs < RunsShort / target.Cost || seen.Count >= target.VerdictsMin, $"{target.Name} reached {seen.Count} verdicts, not {target.VerdictsMin}.");
        Assert.True(runs < RunsShort / target.Cost || accepted < runs, $"{target.Name} accepted everything.");
    }

    /// <summary>A seed that depends on the name only, on every machine.</summary>
    private static int NumberOf(string name) => name.Aggregate(17, (sum, c) => unchecked(sum * 31 + c));

    private static Verdict Check(FuzzTarget target, byte[] input, bool isValid, int run, Watchdog watchdog)
    {
        Exception? fault = Try(target, input, isValid, watchdog, out Verdict verdict);
        if (fault is null) return verdict;

        byte[] small = Shrink(target, input, isValid, fault, watchdog);
        fault = Try(target, small, isValid, watchdog, out _) ?? fault;
        Assert.Fail(
            $"""
             {target.Name} failed at run {run} ({Seeds.Describe(NumberOf(target.Name))}), with {small.Length} of {input.Length} bytes left after shrinking:
             {Convert.ToHexStringLower(small)}
             Replay: {InputVariable}=<these digits> dotnet test -c Release tests/Fuzz --filter "DisplayName~<this test>"
             {fault}
             """);
        return verdict;
    }

    private static Exception? Try(FuzzTarget target, byte[] input, bool isValid, Watchdog watchdog, out Verdict verdict)
    {
        watchdog.Begin(input);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                verdict = target.Run(input);
                FuzzFailure.Unless(verdict.Accepted || !isValid, "a valid input was refused:", $"verdict {verdict.Code:x}");
                return null;
            }
            catch (FuzzFailure e) when (e.Kind == AllocationBound.Kind && attempt < AllocationAttempts)
            {
                // Once more.
            }
#pragma warning disable CA1031 // what a decoder throws is the finding
            catch (Exception e)
#pragma warning restore CA1031
            {
                verdict = default;
                return e;
            }
        }
    }

    /// <summary>Drops ever smaller pieces, and zeroes bytes, while the same thing goes wrong.</summary>
    private static byte[] Shrink(FuzzTarget target, byte[] input, bool isValid, Exception fault, Watchdog watchdog)
    {
        if (isValid) return input;   // only the whole of it is known to be valid
        int attempts = 0;
        for (int size = input.Length / 2; size > 0 && attempts < ShrinkAttemptsMax; size /= 2)
        {
            for (int at = 0; at + size <= input.Length && attempts < ShrinkAttemptsMax; attempts++)
            {
                byte[] smaller = [.. input.AsSpan(0, at), .. input.AsSpan(at + size)];
                if (Same(Try(target, smaller, isValid, watchdog, out _))) input = smaller;
                else at += size;
            }
        }

        return input;

        bool Same(Exception? other) => other is not null && other.GetType() == fault.GetType()
            && (other as FuzzFailure)?.Kind == (fault as FuzzFailure)?.Kind;
    }

    private static void Write(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
