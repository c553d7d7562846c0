using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Cluster;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Hosting;
using OpSync.Silo.Peering;
using OpSync.Sync.Access;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Who is kept out of one silo is kept out of all. Besides those of the world, one more silo asks here, when it is told to.</summary>
public sealed partial class ClusterAccessTests : IAsyncLifetime
{
    private static readonly IPAddress s_seen = IPAddress.Parse("192.0.2.1");   // where the crowd says that banned peers came from
    private static readonly IPAddress s_blocked = IPAddress.Parse("198.51.100.7"), s_beside = IPAddress.Parse("198.51.100.8"), s_elsewhere = IPAddress.Parse("203.0.113.1");

    private readonly FakeTime _time = new();
    private readonly PeerIdentity _identity = PeerIdentity.Create(KeyType.Ed25519), _peer = PeerIdentity.Create(KeyType.Ed25519);
    private AccessList _list;
    private World _world = null!;
    private ClusterAccess _silo = null!;

    public ClusterAccessTests() => _list = new AccessList(_time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IClusterGrain Cluster => _world.Grains.GetCluster();

    private PeerId Peer => _peer.Id;

    public async ValueTask InitializeAsync()
    {
        _world = await World.StartAsync(new WorldOptions { Time = _time, Access = new AccessOptions { BlockedNetworksMax = 3 } });
        _silo = NewSilo(_world.Grains, new AccessOptions());
        await _silo.RefreshAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        _silo.Dispose();
        await _world.DisposeAsync();
        _identity.Dispose();
        _peer.Dispose();
    }

    [Fact]
    public async Task Peer_banned_at_one_silo_is_kept_out_of_all_until_its_ban_ends()
    {
        await _world.AddAsync(ScriptedPeer.Honest(Peer.ToString()));
        for (ulong number = 1; number <= 3; number++) await _world.Peer(Peer.ToString()).Charge(KillTests.Lie(number));

        await UntilAsync(list => !list.IsAllowed(Peer, s_elsewhere), "The liar is let in.");
        Assert.False(_list.IsAllowed(null, s_seen));
        Assert.True(_list.IsAllowed(null, s_elsewhere));
        Assert.False((await Cluster.List()).Entries.Single().ByOperator);

        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(_list.IsAllowed(Peer, s_seen));
        await _silo.RefreshAsync(Token);
        Assert.Empty(_list.List());
        Assert.Empty((await Cluster.List()).Entries);
    }

    [Fact]
    public async Task Peer_that_an_operator_blocked_is_kept_out_of_all_until_it_is_unblocked()
    {
        await _world.Peer(Peer.ToString()).Block(null);
        await UntilAsync(list => !list.IsAllowed(Peer, s_elsewhere), "The blocked peer is let in.");
        KeptOut entry = (await Cluster.List()).Entries.Single();
        Assert.Equal((Peer.ToString(), true, null, true), (entry.Subject, entry.IsPeer, entry.Until, entry.ByOperator));

        await _world.Peer(Peer.ToString()).Unblock();

        await UntilAsync(list => list.IsAllowed(Peer, s_seen), "The unblocked peer is kept out.");
        Assert.Empty((await Cluster.List()).Entries);
    }

    [Fact]
    public async Task Address_and_subnet_that_an_operator_blocked_are_closed_everywhere_until_they_are_unblocked()
    {
        Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork("::ffff:198.51.100.7", null));
        await UntilAsync(list => !list.IsAllowed(null, s_blocked) && list.IsAllowed(null, s_beside), "Not exactly the address is closed.");
        Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork("198.51.100.9/24", null));
        await UntilAsync(list => !list.IsAllowed(null, s_beside) && list.IsAllowed(null, s_elsewhere), "Not exactly the subnet is closed.");
        Assert.Equal(["198.51.100.0/24", "198.51.100.7"], (await Cluster.List()).Entries.Select(k => k.Subject));

        Assert.True(await Cluster.UnblockNetwork("198.51.100.0/24"));
        await UntilAsync(list => !list.IsAllowed(null, s_blocked) && list.IsAllowed(null, s_beside), "Not exactly the address is closed.");
        Assert.True(await Cluster.UnblockNetwork("198.51.100.7"));
        Assert.False(await Cluster.UnblockNetwork("198.51.100.7"));
        await UntilAsync(list => list.IsAllowed(null, s_blocked), "The address is closed.");
    }

    [Fact]
    public async Task Block_with_an_end_ends_by_itself()
    {
        await Cluster.BlockNetwork("198.51.100.0/24", _time.GetUtcNow() + TimeSpan.FromMinutes(5));
        await UntilAsync(list => !list.IsAllowed(null, s_blocked), "The subnet is open.");

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.True(_list.IsAllowed(null, s_blocked));
        Assert.Empty((await Cluster.List()).Entries);
    }

    [Fact]
    public async Task Blocks_and_bans_are_in_force_after_a_restart_and_can_be_taken_back()
    {
        await Cluster.BlockNetwork("198.51.100.7", null);
        await _world.Peer(Peer.ToString()).Block(_time.GetUtcNow() + TimeSpan.FromHours(2));
        await UntilAsync(list => !list.IsAllowed(Peer, s_elsewhere) && !list.IsAllowed(null, s_blocked), "They are let in.");

        await _world.KillAsync();
        await _world.StartSiloAsync();

        // From their start on.
        Assert.All(_world.Silos.Services, s => Assert.False(s.GetRequiredService<AccessList>().IsAllowed(Peer, s_elsewhere)));
        Assert.All(_world.Silos.Services, s => Assert.False(s.GetRequiredService<AccessList>().IsAllowed(null, s_blocked)));
        _silo.Dispose();
        _list = new AccessList(_time);
        _silo = NewSilo(_world.Grains, new AccessOptions());   // grains of a former life cannot be asked on every engine
        await _silo.RefreshAsync(Token);
        Assert.False(_list.IsAllowed(Peer, s_elsewhere) || _list.IsAllowed(null, s_blocked));
        await Cluster.UnblockNetwork("198.51.100.7");
        await _world.Peer(Peer.ToString()).Unblock();
        await UntilAsync(list => list.IsAllowed(Peer, s_blocked), "They are kept out.");
    }

    [Fact]
    public async Task List_that_is_full_says_so_and_takes_more_when_there_is_room()
    {
        foreach (string network in (string[])["198.51.100.1", "198.51.100.2", "2001:db8::/32"]) Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork(network, null));
        Assert.Equal(BlockVerdict.Full, await Cluster.BlockNetwork("198.51.100.3", null));
        Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork("198.51.100.2", _time.GetUtcNow() + TimeSpan.FromMinutes(1)));
        Assert.Equal(BlockVerdict.Malformed, await Cluster.BlockNetwork("198.51.100.256", null));

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(BlockVerdict.Done, await Cluster.BlockNetwork("198.51.100.3", null));
        Assert.Equal(["198.51.100.1", "198.51.100.3", "2001:db8::/32"], (await Cluster.List()).Entries.Select(k => k.Subject));
    }

    [Fact]
    public async Task Silos_are_told_of_by_name_while_they_ask()
    {
        foreach (string name in (string[])["silo-b", "silo-a", "silo-c"]) await Cluster.Read(0, new SiloPresence(name, $"peer of {name}", "", "", "", [], []));
        Assert.Equal(["silo-a", "silo-b", "silo-c"], (await Cluster.GetSilos()).Silos.Select(s => s.Name).Where(n => n.Length > 0));
        string id = _identity.Id.ToString();
        Assert.Contains((await Cluster.GetSilos()).Silos, s => s.PeerId == id);

        _time.Advance(new AccessOptions().SiloSilenceMax + TimeSpan.FromMilliseconds(1));
        Assert.DoesNotContain((await Cluster.GetSilos()).Silos, s => s.PeerId == id);

        await _silo.RefreshAsync(Token);
        Assert.Contains((await Cluster.GetSilos()).Silos, s => s.PeerId == id);
    }

    /// <summary>A silo that knows nothing yet.</summary>
    private ClusterAccess NewSilo(IGrainFactory grains, AccessOptions options)
    {
        SwarmHolder holder = new();
        Exclusions exclusions = new(_list);
        PeerLinks links = new(
            holder, new ChainRegistry([]), null!, exclusions, new PeerEpochs(), new OwnPeers(), null!, null!, Options.Create(new PeerLinkOptions()), _time, NullLogger<PeerLinks>.Instance);
        SiloSelf self = new(new SiloSettings { Chains = [], State = null!, Identity = _identity }, holder);
        return new ClusterAccess(grains, exclusions, links, self, Options.Create(options), _time, NullLogger<ClusterAccess>.Instance);
    }

    /// <summary>Waits until it is so in the silos of the world, which ask once a second, and in the one beside them.</summary>
    private Task UntilAsync(Func<AccessList, bool> isSo, string problem) => World.UntilAsync(
        async () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            await _silo.RefreshAsync(Token);
            return _world.Silos.Services.Select(s => s.GetRequiredService<AccessList>()).Append(_list).All(isSo);
        },
        problem);
}
