using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Peers;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What strangers say of themselves is remembered as long as they are connected: any of them may become a peer that is asked.</summary>
public sealed class PeerLinksTests : IAsyncLifetime, ISwarmObserver
{
    private readonly PeerIdentity _own = PeerIdentity.Create(KeyType.Ed25519);
    private readonly PeerIdentity _stranger = PeerIdentity.Create(KeyType.Ed25519);
    private readonly Channel<string> _news = Channel.CreateBounded<string>(64);
    private readonly Channel<LinkState> _told = Channel.CreateBounded<LinkState>(64);
    private readonly SwarmHolder _holder = new();
    private readonly PeerLinks _links;

    public PeerLinksTests()
    {
        IPeerGrain peer = StandIn.Of<IPeerGrain>((_, args) =>
        {
            _told.Writer.TryWrite((LinkState)args[0]!);
            return Task.FromResult(1L);
        });
        FakeTime time = new();
        _links = new PeerLinks(
            _holder, new ChainRegistry([]), StandIn.Of<IGrainFactory>((_, _) => peer), new Exclusions(new AccessList(time)), new PeerEpochs(), new OwnPeers(), fetcher: null!, reports: null!,
            Options.Create(new PeerLinkOptions()), time, NullLogger<PeerLinks>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _holder.Set(new Swarm(new SwarmOptions(), _own, NullLogger.Instance, TimeProvider.System, this));
        Assert.True(Multiaddr.TryParse("/ip4/127.0.0.1/tcp/0", out Multiaddr? listen));
        await _holder.Value.ListenAsync(listen, Token);
    }

    public async ValueTask DisposeAsync()
    {
        _links.Stop();
        await _holder.Value.DisposeAsync();
        _own.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task News_that_come_after_the_end_of_their_connection_take_nobodys_place()
    {
        IdentifyInfo info = new() { AgentVersion = "gone" };
        for (int i = 0; i < PeerLinks.ToldMax; i++) _links.Identified(Stranger(i), info);

        await using Swarm stranger = await DialAsync();
        await UntilAsync("identified");
        await AssertIsKnownAsync();
    }

    [Fact]
    public async Task Stranger_of_whose_two_connections_one_ends_is_known_all_the_same()
    {
        await using Swarm first = await DialAsync();
        await UntilAsync("identified");
        Swarm second = await DialAsync();
        await UntilAsync("identified");
        await second.DisposeAsync();
        await UntilAsync("disconnected");
        await AssertIsKnownAsync();
    }

    void ISwarmObserver.Connected(ConnectionInfo connection) => _links.Connected(connection);

    void ISwarmObserver.Disconnected(ConnectionInfo connection, string reason)
    {
        _links.Disconnected(connection, reason);
        _news.Writer.TryWrite("disconnected");
    }

    void ISwarmObserver.Identified(PeerId peer, IdentifyInfo info)
    {
        _links.Identified(peer, info);
        _news.Writer.TryWrite("identified");
    }

    private static PeerId Stranger(int number)
    {
        Assert.True(PeerId.TryFromBytes([0, 4, .. BitConverter.GetBytes(number)], out PeerId? id));
        return id;
    }

    private async Task<Swarm> DialAsync()
    {
        Swarm stranger = new(new SwarmOptions(), _stranger, NullLogger.Instance, TimeProvider.System);
        Assert.True((await stranger.DialAsync(_own.Id, _holder.Value.ListenAddresses, Token)).IsConnected);
        return stranger;
    }

    private async Task UntilAsync(string news)
    {
        using CancellationTokenSource patience = Patience();
        while (await _news.Reader.ReadAsync(patience.Token) != news)
        {
        }
    }

    private static CancellationTokenSource Patience()
    {
        CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        return patience;
    }

    /// <summary>Makes the stranger a peer that is asked: its grain hears what it speaks.</summary>
    private async Task AssertIsKnownAsync()
    {
        _links.Connect(new PeerKey(_stranger.Id.ToString()), [], epoch: 1);
        using CancellationTokenSource patience = Patience();
        while (!(await _told.Reader.ReadAsync(patience.Token)).Identified)
        {
        }
    }
}
