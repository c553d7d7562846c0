using OpSync.Cluster.Kit;
using Xunit;

namespace OpSync.Cluster;

/// <summary>A process that is told to stop in the middle of a range: what peers were answering is waited for and stored, so that the next
/// process asks for none of it again; what one of them turns out to lack is asked of another first, for what is below it hangs on it.</summary>
public sealed class StopTests(ClusterFixture fixture)
{
    /// <summary>Blocks that an answer which did not come in time may leave without a link. Without the wait it is a hundred.</summary>
    private const int AgainMax = 8;

    [Fact]
    public async Task Process_told_to_stop_stores_what_was_in_flight_and_the_next_one_fetches_none_of_it_again()
    {
        (int blocks, int stops, int step) = ClusterFixture.IsLong ? (3_000, 8, 300) : (1_200, 1, 100);   // far more than the stops need, however late they come
        await using Deployment deployment = await Deployment.StartAsync(fixture.Postgres, new SampleBlocks(blocks), peers: 3, gapEvery: 8);
        string range = await deployment.PostAsync();
        List<int[]> askedBefore = [];
        List<double> seconds = [];
        for (int stop = 1; stop <= stops; stop++)
        {
            await deployment.StoredAsync((long)stop * step);
            long started = TimeProvider.System.GetTimestamp();
            await deployment.Silos[0].StopAsync();
            seconds.Add(Math.Round(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 1));
            Assert.InRange(await deployment.CountAsync(), 1, blocks - 1);   // not too late to show anything
            askedBefore.Add([.. deployment.Asked().Select(static a => a.Length)]);
            await deployment.Silos[0].StartAsync();
        }

        deployment.Hurry();
        Assert.Equal("complete", (string?)(await deployment.EndAsync(range))["state"]);
        await deployment.AssertCompleteAsync();
        ulong[][] asked = deployment.Asked();
        int[] again = [.. askedBefore.Select(counts => Again(asked, counts))];
        TestContext.Current.TestOutputHelper!.WriteLine($"{blocks} blocks, SIGTERM {stops} times: ended after {string.Join(' ', seconds)} s, fetched again {string.Join(' ', again)}");
        Assert.All(again, static count => Assert.InRange(count, 0, AgainMax));
    }

    /// <summary>Heights that some peer was asked for both before and after.</summary>
    private static int Again(ulong[][] asked, int[] before)
    {
        HashSet<ulong> known = [.. asked.Zip(before, static (a, count) => a.Take(count)).SelectMany(static a => a)];
        return asked.Zip(before, static (a, count) => a.Skip(count)).SelectMany(static a => a).Distinct().Count(known.Contains);
    }
}
