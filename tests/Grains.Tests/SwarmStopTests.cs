using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Silo.Hosting;
using OpSync.Silo.Peering;
using OpSync.Sync.Access;
using OpSync.Sync.Ranges;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>The end of a silo's swarm, which others may hold up.</summary>
public sealed class SwarmStopTests
{
    private const string Protocol = "/test/never/1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_whose_time_is_over_does_not_wait_for_an_answer_that_never_ends()
    {
        FakeTime time = new();
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519), other = PeerIdentity.Create(KeyType.Ed25519);
        SwarmHolder holder = new();
        holder.Set(new Swarm(new SwarmOptions(), identity, NullLogger.Instance, time));
        TaskCompletionSource begun = new(), end = new();
        holder.Value.Handle(Protocol, async (_, _) =>
        {
            begun.SetResult();
            await end.Task;
        });
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? listen));
        await holder.Value.ListenAsync(listen, Token);
        await using Swarm client = new(new SwarmOptions(), other, NullLogger.Instance, TimeProvider.System);
        await client.DialAsync(identity.Id, holder.Value.ListenAddresses, Token);
        OpenResult opened = await client.OpenStreamAsync(identity.Id, [Protocol], Token);
        Assert.True(opened.IsOpened);
        await opened.Stream.WriteAsync(new byte[1], Token);   // until then the other side may not know of the stream
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);

        await Service(holder, identity, time).StopAsync(new CancellationToken(canceled: true)).WaitAsync(TimeSpan.FromSeconds(60), Token);

        Task ended = holder.Value.DisposeAsync().AsTask();
        Assert.False(ended.IsCompleted);   // its own patience is not over
        end.SetResult();
        await World.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(ended.IsCompleted);
            },
            "The swarm does not end.");
    }

    private static SwarmService Service(SwarmHolder holder, PeerIdentity identity, TimeProvider time)
    {
        SiloSettings settings = new() { Chains = [], State = null!, Identity = identity };
        ChainRegistry chains = new([]);
        AccessList access = new(time);
        Exclusions exclusions = new(access);
        ByteBudget budget = new(64 << 20);
        IOptions<PeerLinkOptions> options = Options.Create(new PeerLinkOptions());
        FetchReports reports = new(SilentGrains.Create(), time, NullLogger<FetchReports>.Instance);
        Verifier verifier = new(chains, null!, budget, null!, reports, NullLogger<Verifier>.Instance);
        Fetcher fetcher = new(budget, verifier, reports, options, time, NullLogger<Fetcher>.Instance);
        PeerLinks links = new(holder, chains, null!, exclusions, new PeerEpochs(), new OwnPeers(), fetcher, reports, options, time, NullLogger<PeerLinks>.Instance);
        ClusterAccess clusterAccess = new(
            null!, exclusions, links, new SiloSelf(settings, holder), Options.Create(new AccessOptions()), time, NullLogger<ClusterAccess>.Instance);
        return new SwarmService(
            settings, holder, access, clusterAccess, links, fetcher, verifier, reports, budget, null!, chains, null!, null!, time, NullLogger<SwarmService>.Instance);
    }
}
