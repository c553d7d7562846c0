using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Requests for headers end with what they are for.</summary>
public sealed class HeaderLinksTests : IDisposable
{
    private static readonly RangeKey s_range = new(10, "range", 2);
    private readonly FakeTime _time = new();
    private readonly ByteBudget _full = new(2 * ByteBudget.Reserve);
    private readonly Channel<HeaderDelivery> _delivered = Channel.CreateBounded<HeaderDelivery>(8);
    private readonly PeerKey _peer;
    private readonly PeerLinks _links;
    private readonly HeaderLinks _headers;

    public HeaderLinksTests()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        _peer = new PeerKey(identity.Id.ToString());
        ISyncRangeGrain range = StandIn.Of<ISyncRangeGrain>((method, args) => method.Name == nameof(ISyncRangeGrain.DeliverHeaders)
            ? _delivered.Writer.WriteAsync((HeaderDelivery)args[0]!).AsTask()
            : throw new NotSupportedException(method.Name));
        IPeerGrain peer = StandIn.Of<IPeerGrain>((_, _) => Task.CompletedTask);
        IGrainFactory grains = StandIn.Of<IGrainFactory>((method, _) => method.ReturnType == typeof(IPeerGrain) ? peer : range);
        IOptions<PeerLinkOptions> options = Options.Create(new PeerLinkOptions());
        SwarmHolder swarm = new();
        PeerEpochs epochs = new();
        _links = new PeerLinks(
            swarm, new ChainRegistry([]), grains, new Exclusions(new AccessList(_time)), epochs, own: null!, fetcher: null!, reports: null!, options, _time, NullLogger<PeerLinks>.Instance);
        _headers = new HeaderLinks(swarm, _links, grains, epochs, _full, options, _time, NullLogger<HeaderLinks>.Instance);
        Assert.True(_full.TryTake(ByteBudget.Reserve, urgent: false));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _links.Stop();

    [Fact]
    public async Task Cancelled_range_ends_its_requests_and_leaves_those_of_others()
    {
        _links.Connect(_peer, [], epoch: 1);
        _headers.FetchHeaders(_peer, s_range, Ask(1), epoch: 1);
        _headers.FetchHeaders(_peer, s_range with { RangeId = "other" }, Ask(2), epoch: 1);

        _links.Cancel(_peer, s_range);

        HeaderDelivery ended = await _delivered.Reader.ReadAsync(Token);
        Assert.Equal((1UL, FetchVerdict.OurFault), (ended.RequestId, ended.Verdict));
        Assert.False(_delivered.Reader.TryRead(out _));

        _links.Stop();
        Assert.Equal(2UL, (await _delivered.Reader.ReadAsync(Token)).RequestId);
        Assert.Equal(ByteBudget.Reserve, _full.Used);
    }

    [Fact]
    public async Task Peer_without_a_link_is_not_asked()
    {
        _headers.FetchHeaders(_peer, s_range, Ask(1), epoch: 1);
        Assert.Equal(FetchVerdict.OurFault, (await _delivered.Reader.ReadAsync(Token)).Verdict);
    }

    [Fact]
    public async Task Order_of_an_older_epoch_is_not_obeyed()
    {
        _links.Connect(_peer, [], epoch: 2);
        _headers.FetchHeaders(_peer, s_range, Ask(1), epoch: 2);
        _headers.FetchHeaders(_peer, s_range, Ask(2), epoch: 1);
        Assert.Equal(2UL, (await _delivered.Reader.ReadAsync(Token)).RequestId);
        Assert.False(_delivered.Reader.TryRead(out _));
    }

    private HeaderAsk Ask(ulong id) => new(id, _peer, 100, default, 10);
}
