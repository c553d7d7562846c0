using OpSync.Sync.Access;
using Xunit;

namespace OpSync.Grains.Tests;

/// <content>Needs references to grains that outlive the silos.</content>
public sealed partial class ClusterAccessTests
{
    [Fact]
    public async Task Silo_that_cannot_ask_keeps_what_it_knows()
    {
        await Cluster.BlockNetwork("198.51.100.7", null);
        await _silo.RefreshAsync(Token);

        await _world.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => _silo.RefreshAsync(Token));
        Assert.False(_list.IsAllowed(null, s_blocked));

        await _world.StartSiloAsync();
        await _silo.RefreshAsync(Token);
        Assert.False(_list.IsAllowed(null, s_blocked));
        await Cluster.UnblockNetwork("198.51.100.7");
        await _silo.RefreshAsync(Token);
        Assert.True(_list.IsAllowed(null, s_blocked));
    }

    [Fact]
    public async Task Silo_whose_question_is_not_answered_gives_up_in_time()
    {
        AccessOptions options = new();
        using Silo.Peering.ClusterAccess silent = NewSilo(Kit.SilentGrains.Create(), options);
        Task asked = silent.RefreshAsync(Token);
        _time.Advance(options.AccessReadTimeout);
        await Assert.ThrowsAsync<TimeoutException>(() => asked);
    }
}
