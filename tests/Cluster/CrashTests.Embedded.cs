using System.Text.Json.Nodes;
using OpSync.Cluster.Kit;
using Xunit;

namespace OpSync.Cluster;

/// <summary>The one process over PostgreSQL, killed in the middle of its work: what it acknowledged is there, and is not fetched again.</summary>
public sealed class CrashTests(ClusterFixture fixture)
{
    [Fact]
    public async Task Process_killed_again_and_again_loses_nothing_it_acknowledged_and_fetches_nothing_durable_again()
    {
        (int blocks, int kills, int step) = ClusterFixture.IsLong ? (6_000, 20, 270) : (1_200, 2, 150);   // far more than the kills need, however late they come
        await using Deployment deployment = await Deployment.StartAsync(fixture.Postgres, new SampleBlocks(blocks), peers: 3);
        Member process = deployment.Silos[0];
        RecordingPeer blocked = deployment.Peers[2];
        await deployment.SendAsync($"/v1/peers/{blocked.PeerId}/block");
        string range = await deployment.PostAsync();
        List<(int[] AskedBefore, HashSet<ulong> Durable)> lives = [];
        for (int kill = 1; kill <= kills; kill++)
        {
            await deployment.StoredAsync((long)kill * step);
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

        deployment.Hurry();
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
}
