using System.Text.Json;
using OpSync.Cluster.Kit;
using Xunit;

namespace OpSync.Cluster;

/// <summary>A range is filled while silos are killed, stopped and frozen, and the database goes away. Says how long each fault stalled it
/// and what was fetched twice, as one line of JSON.</summary>
public sealed class FaultTests(ClusterFixture fixture)
{
    /// <summary>Blocks that must become durable after a fault before it counts as overcome: more than a commit of a killed process that
    /// was under way.</summary>
    private const int Overcome = 50;

    /// <summary>A stall that lasts longer fails the test.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private Action _ended = static () => { };

    [Fact]
    public async Task Range_completes_while_silos_are_killed_stopped_and_frozen_and_the_database_goes_away()
    {
        int blocks = ClusterFixture.IsLong ? 5_000 : Deployment.BlocksShort;
        Func<Member, (string, Func<Task>)>[] plan =
        [
            silo => ("SIGKILL", () => RestartAsync(silo, silo.KillAsync)),
            silo => ("SIGTERM", () => RestartAsync(silo, silo.StopAsync)),
            silo => ("SIGSTOP", () => FreezeAsync(silo)),
            _ => ("database restart", () => RestartDatabaseAsync(crash: false)),
            _ => ("database crash", () => RestartDatabaseAsync(crash: true)),
            _ => ("database freeze", FreezeDatabaseAsync),
        ];
        if (!ClusterFixture.IsLong) plan = plan[..4];
        await using Deployment deployment = await Deployment.StartAsync(fixture.Postgres, new SampleBlocks(blocks), peers: 3);
        long started = TimeProvider.System.GetTimestamp();
        string range = await deployment.PostAsync();
        List<Fault> faults = [];
        long next = Overcome;
        for (int i = 0; next + Overcome <= blocks && (ClusterFixture.IsLong || i < plan.Length); i++)
        {
            await deployment.StoredAsync(next);
            foreach (Member member in deployment.Silos) await member.ReviveAsync();
            if (await deployment.CountAsync() + Overcome > blocks) break;   // so fast that there is nothing left to do
            faults.Add(await StallAsync(deployment, range, blocks, plan[i % plan.Length](deployment.Silos[i % deployment.Silos.Count])));
            next = await deployment.CountAsync() + Overcome;
        }

        deployment.Hurry();
        Assert.Equal([.. plan.Take(3).Select(p => p(deployment.Silos[0]).Item1)], faults.Take(3).Select(f => f.Signal));
        Assert.Equal("complete", (string?)(await deployment.EndAsync(range))["state"]);
        TimeSpan took = TimeProvider.System.GetElapsedTime(started);
        await deployment.AssertCompleteAsync();
        ulong[] asked = [.. deployment.Asked().SelectMany(a => a)];
        int distinct = asked.Distinct().Count();
        Assert.Equal(blocks, distinct);
        TestContext.Current.TestOutputHelper!.WriteLine(JsonSerializer.Serialize(new
        {
            engine = Deployment.Engine,
            silos = deployment.Silos.Count,
            blocks,
            seconds = Math.Round(took.TotalSeconds, 1),
            faults,
            fetchedTwice = asked.Length - distinct,
            askedByTwo = deployment.Peers.Sum(p => p.AskedByTwo),
        }));
    }

    private async Task RestartAsync(Member silo, Func<Task> end)
    {
        await end();
        _ended();
        await silo.StartAsync();
    }

    private static async Task FreezeAsync(Member silo)
    {
        await silo.FreezeAsync();
        await Task.Delay(Deployment.FreezeTime, TestContext.Current.CancellationToken);
        await silo.ThawAsync();
    }

    private async Task RestartDatabaseAsync(bool crash)
    {
        await fixture.Postgres.StopAsync(crash);
        await fixture.Postgres.StartAgainAsync();
    }

    /// <summary>For longer than a command may take.</summary>
    private async Task FreezeDatabaseAsync()
    {
        await fixture.Postgres.FreezeAsync(on: true);
        await Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await fixture.Postgres.FreezeAsync(on: false);
    }

    /// <summary>The longest time without a new durable block, from the fault on until it is overcome.</summary>
    private async Task<Fault> StallAsync(Deployment deployment, string range, int blocks, (string Signal, Func<Task> Do) what)
    {
        ulong[][] before = deployment.Asked();
        _ended = () => before = deployment.Asked();   // what a process asked for while it stopped was not lost with it
        long last = TimeProvider.System.GetTimestamp(), count = await deployment.CountAsync(), goal = Math.Min(count + Overcome, blocks);
        TimeSpan longest = TimeSpan.Zero;
        Task fault = what.Do();
        while (!fault.IsCompleted || count < goal)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TestContext.Current.CancellationToken);
            long now = await CountAsync(deployment) ?? count;
            if (TimeProvider.System.GetElapsedTime(last) is var gap && gap > longest) longest = gap;
            if (gap > s_patience) Assert.Fail($"{what.Signal}: no block in {gap}\n{await deployment.DescribeAsync(range)}");
            if (now > count) last = TimeProvider.System.GetTimestamp();
            count = now;
            if (fault.IsFaulted) break;
        }

        await fault;
        HashSet<ulong> known = [.. before.SelectMany(a => a)];
        int again = deployment.Asked().Zip(before, (asked, earlier) => asked.Skip(earlier.Length)).SelectMany(a => a).Count(known.Contains);
        return new Fault(what.Signal, (long)longest.TotalMilliseconds, again);
    }

    /// <summary>Null while the database cannot be reached.</summary>
    private static async Task<long?> CountAsync(Deployment deployment)
    {
        try
        {
            return await deployment.CountAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>A fault and what it cost.</summary>
    /// <param name="Signal">What was done.</param>
    /// <param name="StalledMilliseconds">Longest time without a new durable block.</param>
    /// <param name="FetchedAgain">Heights asked for that had been asked for before the fault, or before the end of the process if it is one.</param>
    private sealed record Fault(string Signal, long StalledMilliseconds, int FetchedAgain);
}
