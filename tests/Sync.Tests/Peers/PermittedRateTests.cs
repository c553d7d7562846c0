using OpSync.Sync.Peers;

namespace OpSync.Sync.Tests.Peers;

/// <summary>The share of the permitted rate that the policies reach, in virtual time.</summary>
public sealed class PermittedRateTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? 60 : 10);
    private static readonly TimeSpan Lookup = TimeSpan.FromMilliseconds(10);

    /// <summary>Servers of their own: 4/s and a burst of 15 from each. One more lies, and one more is dead.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    public void Rate_of_op_node_servers_is_used_and_never_refused(int servers)
    {
        VirtualNetwork net = new(servers);
        OpNodeServer[] honest = [.. Enumerable.Range(0, servers).Select(_ => new OpNodeServer(Lookup))];
        VirtualAsker[] askers = [.. honest.Select((server, i) => Ask(net, server, "us", RoundTrip(i)))];
        VirtualAsker liar = new(net, Policy(), RoundTrip(3), now => (now + Lookup, FetchOutcome.Malformed));
        VirtualAsker dead = new(net, Policy(), RoundTrip(4), _ => null);

        net.RunUntil(Length);

        double permitted = servers * (OpNodeServer.PeerBurst + (OpNodeServer.PeerRate * Length.TotalSeconds));
        double share = askers.Sum(a => a.Blocks) / permitted;
        output.WriteLine($"{servers} servers: {share:P1} of the permitted rate; liar: {liar.Lies} answers; dead: {dead.Asked} requests");
        Assert.InRange(share, 0.95, 1);
        Assert.Equal(0, honest.Sum(s => s.Refusals) + askers.Sum(a => a.TimedOut));
        Assert.InRange(liar.Lies, 1, 3);
        Assert.True(dead.Asked < Length.TotalSeconds, $"{dead.Asked} requests went to a dead peer.");
    }

    /// <summary>One server, several OpSync clusters: 20/s and a burst of 40 over all of them.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(20)]
    public void Rate_of_a_server_with_many_askers_is_used_and_never_refused(int askerCount)
    {
        VirtualNetwork net = new(askerCount);
        OpNodeServer server = new(Lookup);
        VirtualAsker[] askers = [.. Enumerable.Range(0, askerCount).Select(i => Ask(net, server, $"asker {i}", RoundTrip(i)))];

        net.RunUntil(Length);

        double permitted = OpNodeServer.TotalBurst + (OpNodeServer.TotalRate * Length.TotalSeconds);
        double share = askers.Sum(a => a.Blocks) / permitted;
        output.WriteLine($"{askerCount} askers: {share:P1} of the permitted rate; least {askers.Min(a => a.Blocks)}, most {askers.Max(a => a.Blocks)} blocks; {askers.Sum(a => a.TimedOut)} late; rates {string.Join(' ', askers.Select(a => a.Policy.Snapshot(net.Now, DateTimeOffset.UnixEpoch + net.Now).Rate.ToString("F1")))}");
        Assert.InRange(share, 0.95, 1);
        Assert.Equal(0, server.Refusals);
        Assert.True(askers.Min(a => a.Blocks) * 4 > askers.Max(a => a.Blocks), "Somebody starves.");
    }

    /// <summary>A server that grants more, as another OpSync does, is found out; one that does not is left at its rate.</summary>
    [Theory]
    [InlineData(20, 40)]
    [InlineData(100, 200)]
    public void Rate_of_a_generous_server_is_learned(double rate, int burst)
    {
        VirtualNetwork net = new(7);
        TokenBucket bucket = new(rate, burst, TimeSpan.Zero);
        int refusals = 0;
        PeerPolicy policy = Policy();
        policy.SetMayGrantMore(true);
        VirtualAsker asker = new(net, policy, RoundTrip(2), now =>
        {
            if (bucket.TryReserve(1, now, TimeSpan.FromSeconds(8), out TimeSpan wait)) return (now + wait + Lookup, FetchOutcome.Good);
            refusals++;
            return (now, FetchOutcome.Failed);
        });

        TimeSpan warmUp = TimeSpan.FromMinutes(1);
        net.RunUntil(warmUp);
        int before = asker.Blocks;
        net.RunUntil(Length);

        double share = (asker.Blocks - before) / (rate * (Length - warmUp).TotalSeconds);
        output.WriteLine($"{rate}/s: {share:P1} of the permitted rate after a minute, in which it gave {before}");
        Assert.InRange(share, 0.95, 1.01);
        Assert.Equal(0, refusals);
    }

    /// <summary>Slow look-ups are not throttling: some answers are quick all the same.</summary>
    [Fact]
    public void Noise_does_not_cost_rate()
    {
        VirtualNetwork net = new(11);
        OpNodeServer server = new(TimeSpan.Zero);
        VirtualAsker asker = new(net, Policy(), RoundTrip(1), now =>
        {
            (TimeSpan at, bool isBlock) = server.Ask("us", now);
            return (at + net.Between(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(600)), isBlock ? FetchOutcome.Good : FetchOutcome.Failed);
        });

        net.RunUntil(Length);

        double share = asker.Blocks / (OpNodeServer.PeerBurst + (OpNodeServer.PeerRate * Length.TotalSeconds));
        output.WriteLine($"{share:P1} of the permitted rate");
        Assert.InRange(share, 0.95, 1);
    }

    [Fact]
    public void Fixed_rate_stays_whatever_the_answers_say()
    {
        PeerPolicy policy = new(new PeerPolicyOptions { Rate = 100, LearnsRate = false }, null, DateTimeOffset.UnixEpoch, TimeSpan.Zero);
        policy.SetMayGrantMore(true);
        TimeSpan now = TimeSpan.Zero;
        for (int i = 0; i < 1_000; i++)
        {
            now += TimeSpan.FromMilliseconds(100);
            TimeSpan took = TimeSpan.FromMilliseconds(i);
            policy.Report(i % 50 == 0 ? FetchOutcome.Failed : FetchOutcome.Good, 1, took, now, DateTimeOffset.UnixEpoch + now, took);
        }

        Assert.Equal(100, policy.Snapshot(now, DateTimeOffset.UnixEpoch + now).Rate);
    }

    private static TimeSpan RoundTrip(int i) => TimeSpan.FromMilliseconds(20 + (40 * (i % 5)));

    private static PeerPolicy Policy() => new(new PeerPolicyOptions(), null, DateTimeOffset.UnixEpoch, TimeSpan.Zero);

    private static VirtualAsker Ask(VirtualNetwork net, OpNodeServer server, string name, TimeSpan roundTrip) =>
        new(net, Policy(), roundTrip, now =>
        {
            (TimeSpan at, bool isBlock) = server.Ask(name, now);
            return (at, isBlock ? FetchOutcome.Good : FetchOutcome.Failed);
        });
}
