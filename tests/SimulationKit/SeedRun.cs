using System.Collections.Concurrent;
using System.Globalization;
using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>Runs worlds by seed and says what went wrong in words that lead back to it.</summary>
public static class SeedRun
{
    /// <summary>Names one seed to be run alone.</summary>
    public const string SeedVariable = "OPSYNC_SEED";

    /// <summary>Sets how many seeds are run.</summary>
    public const string CountVariable = "OPSYNC_SEEDS";

    /// <summary>A world may take this many times as long as the ideal, where there is one.</summary>
    public const double IdealFactor = 1.5;

    private const int FailuresMax = 3;

    /// <summary>One world.</summary>
    /// <returns>Null if all went well, else what did not, how to run it again and what happened last.</returns>
    public static string? Fault(int seed) => Run(seed, out _);

    /// <summary>Runs seeds on all cores.</summary>
    /// <param name="first">First seed.</param>
    /// <param name="count">How many.</param>
    /// <returns>What failed, at most three of them in full.</returns>
    public static string Faults(int first, int count)
    {
        ConcurrentDictionary<int, string> faults = [];
        ParallelOptions all = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(first, first + count, all, (seed, loop) =>
        {
            if (Fault(seed) is not { } fault) return;
            faults[seed] = fault;
            if (faults.Count >= FailuresMax) loop.Stop();
        });
        return string.Join('\n', faults.OrderBy(f => f.Key).Select(f => f.Value));
    }

    /// <summary>The world of a seed, and how it went.</summary>
    public static string? Run(int seed, out SeedOutcome outcome) => Run(Plans.FromSeed(seed), out outcome);

    /// <summary>One world, and how it went.</summary>
    public static string? Run(WorldPlan plan, out SeedOutcome outcome)
    {
        int seed = plan.Seed;
        TimeSpan ideal = Ideal.Of(plan);
        outcome = new SeedOutcome(seed, ideal, TimeSpan.Zero, 0);
        World? world = null;
        try
        {
            world = new World(plan);
            world.Run();
            outcome = new SeedOutcome(seed, ideal, world.Agenda.Now - TimeSpan.FromSeconds(1), world.Agenda.Steps);
            return Judge(world, ideal) is { } fault ? Describe(plan, world, fault) : null;
        }
        catch (Exception e)
        {
            // Whatever a core threw is a finding, and must not lose its seed.
            return Describe(plan, world, e is SimulationException ? e.Message : e.ToString());
        }
    }

    private static string? Judge(World world, TimeSpan ideal)
    {
        foreach (RangeDocument range in world.Documents)
        {
            if (range.Result == range.Plan.Expected || MayDoubtItsAnchor(world, range)) continue;
            RangeStatus? status = world.Find(new RangeKey(range.Plan.Chain, range.Plan.Id, 0))?.Status;
            return $"{range.Plan.Id} ended as {range.Result} instead of {range.Plan.Expected}; {status?.Stall}: {status?.StallText}";
        }

        foreach (RangeDocument range in world.Documents.Where(r => r.Result == RangeResult.Complete))
        {
            SimChain chain = world.Plan.Chain(range.Plan.Chain);
            for (ulong number = range.Plan.First; number <= range.Plan.Last; number++)
            {
                if (world.Store.CanonicalAt(chain.Id, number)?.Hash != chain.Hash(number)) return $"{range.Plan.Id} is complete without {number}";
            }
        }

        TimeSpan took = world.Agenda.Now - TimeSpan.FromSeconds(1);
        TimeSpan allowed = ideal * IdealFactor;
        return Ideal.IsDefined(world.Plan) && took > allowed
            ? string.Create(CultureInfo.InvariantCulture, $"it took {took.TotalSeconds:0.0} s, {allowed.TotalSeconds:0.0} s are allowed, {ideal.TotalSeconds:0.0} s are ideal")
            : null;
    }

    /// <summary>Where peers agree on another block at the anchor and the honest could not be heard in time, a range may end with the
    /// question instead of an answer.</summary>
    private static bool MayDoubtItsAnchor(World world, RangeDocument range) =>
        range.Result == RangeResult.AnchorMismatch && !Plans.IsCalm(world.Plan.Seed)
        && world.Plan.Peers.Any(p => p.Manner is Manner.Fork or Manner.HalfFork or Manner.Garbage);

    private static string Describe(WorldPlan plan, World? world, string fault)
    {
        string peers = string.Join("\n  ", world?.Records.Select(r => r.ToString()) ?? plan.Peers.Select(p => p.Name));
        string ranges = string.Join(", ", plan.Ranges.Select(r => $"{r.Id} {r.Chain}:{r.First}..{r.Last} up to {r.Top} {r.Rank}"));
        string disturbances = string.Join(", ", plan.Disturbances.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Kind} {d.Target} at {d.At.TotalSeconds:0.000}")));
        return $"""
            Seed {plan.Seed}: {fault}
            Again: {SeedVariable}={plan.Seed} dotnet test -c Release tests/Simulation --filter Worlds
            Peers:
              {peers}
            Ranges: {ranges}
            Disturbances: {disturbances}
            Last events:
            {world?.Trace}
            """;
    }
}

/// <summary>How one world went.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="IdealTime">The lower bound.</param>
/// <param name="Took">The time it took.</param>
/// <param name="Steps">Things that happened in it.</param>
public readonly record struct SeedOutcome(int Seed, TimeSpan IdealTime, TimeSpan Took, long Steps);
