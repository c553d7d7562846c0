using Microsoft.Extensions.Logging.Abstractions;
using OpSync.Grains.Tests.Kit;
using OpSync.Libp2p.Identity;
using OpSync.Silo.Serving;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>A peer with connections to several silos has one bucket; two lessees stand for two silos here.</summary>
public sealed partial class ServeLeasesTests : IAsyncLifetime
{
    private readonly FakeTime _time = new();
    private readonly PeerId _peer = NewPeer();
    private readonly ServeOptions _options = new() { PeerRate = 8, PeerBurst = 16 };
    private World _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await World.StartAsync(new WorldOptions { Time = _time });

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Two_silos_grant_a_peer_no_more_than_one_would()
    {
        ServeLeases a = Silo(), b = Silo();

        Assert.Equal(16, await CountAtOnceAsync(_peer, a, b));

        // What comes later is granted ahead of time, up to 8 s, whoever is asked.
        Assert.Equal(64, await CountLaterAsync(a, b));

        // Nobody else is touched by that.
        Assert.Equal(16, await CountAtOnceAsync(NewPeer(), b, a));
    }

    [Fact]
    public async Task Silo_leases_ahead_for_a_busy_peer_and_no_more_than_a_second_of_its_rate()
    {
        ServeLeases a = Silo(), b = Silo();

        // 1, 2, 4 and 8 tokens at a time: the one left over of the fourth lease of 8 and 1 that nobody took.
        for (int i = 0; i < 14; i++) Assert.Equal(default, await a.TakeAsync(_peer, Token));
        Assert.Equal(1, (await b.TakeUpToAsync(_peer, 16, Token)).Taken);

        // After its second the rest of a lease is nothing any more.
        Assert.Equal(default, await a.TakeAsync(_peer, Token));
        _time.Advance(ServeLeases.LeaseTime);
        Assert.Equal(8, (await b.TakeUpToAsync(_peer, 16, Token)).Taken);
        Assert.True((await a.TakeAsync(_peer, Token)).Wait > TimeSpan.Zero);
    }

    [Fact]
    public async Task What_was_taken_in_bulk_and_not_used_serves_the_next_request()
    {
        ServeLeases a = Silo();
        Assert.Equal((16, TimeSpan.Zero), await a.TakeUpToAsync(_peer, 20, Token));
        Assert.Equal((0, TimeSpan.FromMilliseconds(125)), await a.TakeUpToAsync(_peer, 1, Token));

        a.GiveBack(_peer, 3);

        Assert.Equal((3, TimeSpan.Zero), await a.TakeUpToAsync(_peer, 3, Token));
    }

    [Fact]
    public async Task Answer_that_does_not_come_is_waited_for_a_fifth_of_a_second()
    {
        ServeLeases silent = new(SilentGrains.Create(), _options, _time, NullLogger<ServeLeases>.Instance);
        Task<ServeAdmission> taken = silent.TakeAsync(_peer, Token).AsTask();
        _time.Advance(ServeLeases.CallWait - TimeSpan.FromMilliseconds(1));
        Assert.False(taken.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(default, await taken);
    }

    private static PeerId NewPeer()
    {
        using PeerIdentity identity = PeerIdentity.Create(KeyType.Ed25519);
        return identity.Id;
    }

    private ServeLeases Silo() => new(_world.Grains, _options, _time, NullLogger<ServeLeases>.Instance);

    /// <summary>Asks the silos in turn until a request would have to wait.</summary>
    private static async Task<int> CountAtOnceAsync(PeerId peer, params ServeLeases[] silos)
    {
        for (int count = 0; ; count++)
        {
            if ((await silos[count % silos.Length].TakeUpToAsync(peer, 1, Token)).Taken == 0) return count;
        }
    }

    /// <summary>Requests that may wait, until one is refused.</summary>
    private async Task<int> CountLaterAsync(params ServeLeases[] silos)
    {
        for (int count = 0; ; count++)
        {
            ServeAdmission admission = await silos[count % silos.Length].TakeAsync(_peer, Token);
            if (admission.Refusal is not null) return count;
        }
    }
}
