using OpSync.Silo.Serving;
using Xunit;

namespace OpSync.Grains.Tests;

/// <content>Needs references to grains that outlive the silos.</content>
public sealed partial class ServeLeasesTests
{
    [Fact]
    public async Task Small_local_bucket_stands_in_while_the_cluster_cannot_be_reached()
    {
        ServeLeases a = Silo();
        await _world.KillAsync();

        Assert.Equal(_options.PeerBurst / ServeLeases.LocalPart, await CountAtOnceAsync(_peer, a));
        Assert.Equal(4, (await a.TakeUpToAsync(NewPeer(), 20, Token)).Taken);

        await _world.StartSiloAsync();
        Assert.Equal(16, await CountAtOnceAsync(_peer, a));
    }
}
