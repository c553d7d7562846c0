using System.Text.Json.Nodes;
using OpSync.Cluster.Kit;
using Xunit;

namespace OpSync.Cluster;

/// <summary>The one process over PostgreSQL, killed in the middle of its work: what it acknowledged is there, and is not fetched again.</summary>
public sealed class CrashTests(ClusterFixture fixture)
{
    public static TheoryData<string> Outages => ClusterFixture.IsLong ? ["restart", "crash", "freeze"] : ["restart"];

    [Fact]
    public async Task Process_killed_again_and_again_loses_nothing_it_acknowledged_and_fetches_nothing_durable_again()
    {
        (int blocks, int kills) = ClusterFixture.IsLong ? (6_000, 20) : (1_200, 3);
        await using Deployment deployment = await Deployment.StartAsync(fixture.Postgres, new SampleBlocks(blocks), peers: 3, peerRate: 150);
        Member process = deployment.Silos[0];
        RecordingPeer blocked = deployment.Peers[2];
        await deployment.SendAsync($"/v1/peers/{blocked.PeerId}/block");
        string range = await deployment.PostAsync();
        List<(int[] AskedBefore, HashSet<ulong> Durable)> lives = [];
        for (int kill = 1; kill <= kills; kill++)
        {
            await deployment.StoredAsync((long)kill * blocks / (kills + 2));
            long acknowledged = (long)(await deployment.GetAsync($"/v1/ranges/{range}"))["stored"]!;
            await process.KillAsync();
            HashSet<ulong> durable = await deployment.DurableAsync();
            Assert.InRange(durable.Count, acknowledged, blocks - 1);   // nothing acknowledged is lost, and the kill was not too late
            lives.Add(([.. deployment.Asked().Select(a => a.Length)], durable));
            await process.StartAsync();
            JsonNode after = await deployment.GetAsync($"/v1/ranges/{range}");
            Assert.Equal("running", (string?)after["state"]);
            Assert.Equal("blocked", (string?)(await deployment.GetAsync($"/v1/peers/{blocked.PeerId}"))["state"]);
        }

        JsonNode done = await deployment.EndAsync(range);
        Assert.Equal(("complete", (long)blocks), ((string?)done["state"], (long)done["stored"]!));
        await deployment.AssertCompleteAsync();
        Assert.Empty(blocked.Asked);
        foreach ((int[] before, HashSet<ulong> durable) in lives)
        {
            ulong[] later = [.. deployment.Asked().Zip(before, (asked, count) => asked.Skip(count)).SelectMany(a => a)];
            Assert.DoesNotContain(later, durable.Contains);
        }

        int asked = deployment.Asked().Sum(a => a.Length);
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {blocks} blocks, {asked} requests: {asked - blocks} blocks were in flight, quarantined or not yet durable.");
    }

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task Range_goes_on_when_the_database_comes_back(string outage)
    {
        const int blocks = 1_000;
        await using Deployment deployment = await Deployment.StartAsync(fixture.Postgres, new SampleBlocks(blocks), peers: 2, peerRate: 150);
        string range = await deployment.PostAsync();
        await deployment.StoredAsync(blocks / 4);
        HashSet<ulong> durable = await deployment.DurableAsync();
        if (outage == "freeze")
        {
            // Longer than any command may take.
            await fixture.Postgres.FreezeAsync(on: true);
            await Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            await fixture.Postgres.FreezeAsync(on: false);
        }
        else
        {
            await fixture.Postgres.StopAsync(crash: outage == "crash");
            await fixture.Postgres.StartAgainAsync();
        }

        Assert.Equal("complete", (string?)(await deployment.EndAsync(range))["state"]);
        await deployment.AssertCompleteAsync();
        Assert.Subset(await deployment.DurableAsync(), durable);
        Assert.Equal(blocks, deployment.Asked().SelectMany(a => a).Distinct().Count());
    }
}
