using System.Globalization;
using OpSync.SimulationKit;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["seeds", ..]:
        return RunSeeds(int.Parse(args[1]), args.Length > 2 ? int.Parse(args[2]) : 0);
    case ["one", ..]:
        Console.WriteLine(SeedRun.Fault(int.Parse(args[1])) ?? "holds");
        return 0;
    case ["trace", ..]:
        PrintTrace(int.Parse(args[1]), int.Parse(args[2]));
        return 0;
    case ["times", ..]:
        return PrintTimes(int.Parse(args[1]));
    case ["figures"]:
        foreach (Figure figure in Figures.All()) Console.WriteLine(figure);
        return 0;
    default:
        Console.Error.WriteLine("usage: seeds COUNT [FIRST] | one SEED | trace SEED EVENTS | times COUNT | figures");
        return 2;
}

static int RunSeeds(int count, int first)
{
    const int Slice = 1_000;
    int failed = 0;
    for (int done = 0; done < count; done += Slice)
    {
        int size = Math.Min(Slice, count - done), from = first + done;
        string?[] faults = new string?[size];
        Parallel.For(0, size, i => faults[i] = SeedRun.Fault(from + i)?.Split('\n')[0]);
        foreach (string fault in faults.OfType<string>())
        {
            failed++;
            Console.WriteLine(fault);
        }

        Console.WriteLine($"{done + size - failed} of {done + size} worlds hold");
    }

    return failed == 0 ? 0 : 1;
}

static int PrintTimes(int count)
{
    WorldPlan[] plans = [.. Enumerable.Range(0, int.MaxValue).Select(Plans.FromSeed).Where(Ideal.IsDefined).Take(count)];
    SeedOutcome[] outcomes = new SeedOutcome[count];
    string?[] faults = new string?[count];
    Parallel.For(0, count, i => faults[i] = SeedRun.Run(plans[i], out outcomes[i]));
    foreach (string fault in faults.OfType<string>()) Console.WriteLine(fault.Split('\n')[0]);

    double[] ratios = [.. outcomes.Select(o => o.Took / o.IdealTime).Order()];
    double[] extra = [.. outcomes.Select(o => (o.Took - o.IdealTime).TotalSeconds).Order()];
    foreach (double share in new[] { 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1 })
    {
        int at = Math.Min(count - 1, (int)(share * count));
        Console.WriteLine($"{share:0.000}: {ratios[at]:0.00} times the ideal, {extra[at]:0.0} s more");
    }

    const int Listed = 6;
    SeedOutcome[] over = [.. outcomes.Where(o => Over(o) > TimeSpan.Zero).OrderByDescending(Over)];
    foreach (double factor in new[] { 1.2, 1.3, 1.4 }) Console.WriteLine($"{ratios.Count(r => r > factor)} worlds take more than {factor} times the ideal");
    Console.WriteLine($"{over.Length} worlds take more than {SeedRun.IdealFactor} times the ideal; the furthest beyond that:");
    foreach (SeedOutcome o in over.Take(Listed))
        Console.WriteLine($"seed {o.Seed}: {o.Took.TotalSeconds:0.0} s, {o.IdealTime.TotalSeconds:0.0} s are ideal, {Over(o).TotalSeconds:0.0} s over");
    return 0;
}

static TimeSpan Over(SeedOutcome outcome) => outcome.Took - (SeedRun.IdealFactor * outcome.IdealTime);

static void PrintTrace(int seed, int events)
{
    World world = new(Plans.FromSeed(seed), eventsKept: events);
    world.Run();
    Console.WriteLine(world.Trace);
    foreach (PeerRecord peer in world.Records) Console.WriteLine(peer);
}
