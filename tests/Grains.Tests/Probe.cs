using OpSync.Contracts.Peers;
using OpSync.Grains.Tests.Kit;
using Xunit;
namespace OpSync.Grains.Tests;
public sealed class ProbeTests
{
    [Fact]
    public async Task Probe()
    {
        await using World world = await World.StartAsync();
        await world.IntroduceAsync(ScriptedPeer.Honest("a"));
        for (int i = 0; i < 20; i++)
        {
            PeerReport r = await world.Peer("a").GetReport();
            var c = await world.Chain.GetReport();
            TestContext.Current.TestOutputHelper!.WriteLine($"{r.Connected} {r.Problem} chains {string.Join(",", r.Chains)} usable {string.Join(",", c.UsablePeerIds)} known {string.Join(",", c.PeerIds)} links {string.Join(",", world.Crowd.Links)}");
            await Task.Delay(100);
        }
        Assert.Fail("x");
    }
}
