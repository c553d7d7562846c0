using Microsoft.Extensions.DependencyInjection;
using OpSync.Embedded.Testing;
using OpSync.Embedded.Tests.Kit;
using Orleans.Storage;
using Xunit;

namespace OpSync.Embedded.Tests;

public sealed class StateTests
{
    private readonly MemoryGrainStorage _storage = new();

    [Fact]
    public async Task State_is_there_for_the_next_activation_and_after_a_kill()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILedgerGrain grain = cluster.Client.GetGrain<ILedgerGrain>(1);
        Assert.False(await grain.Exists());
        await grain.Add(3);
        await cluster.DeactivateAsync(grain);
        Assert.Equal(7, await grain.Add(4));

        await cluster.RestartSiloAsync();

        Assert.Equal(8, await grain.Add(1));
        Assert.True(await grain.Exists());
        Assert.Equal(5, await cluster.Client.GetGrain<ILedgerGrain>(2).Add(5));
    }

    [Fact]
    public async Task What_was_not_written_is_lost()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILedgerGrain grain = cluster.Client.GetGrain<ILedgerGrain>(1);
        await grain.Add(3);
        await grain.AddUnwritten(100);

        Assert.Equal(3, await grain.Reread());
    }

    [Fact]
    public async Task Cleared_state_is_empty_and_can_be_written_again()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILedgerGrain grain = cluster.Client.GetGrain<ILedgerGrain>(1);
        await grain.Add(3);

        Assert.Equal("False none 0", await grain.Clear());

        Assert.Equal(2, await grain.Add(2));
    }

    [Fact]
    public async Task Two_states_of_one_grain_are_apart()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILedgerGrain grain = cluster.Client.GetGrain<ILedgerGrain>(1);
        await grain.Add(3);
        await grain.Note("x");
        await cluster.DeactivateAsync(grain);

        Assert.Equal(1, await grain.CountNotes());
        Assert.Equal(3, await grain.Reread());
    }

    [Fact]
    public async Task Write_on_top_of_somebody_elses_fails_and_ends_the_activation()
    {
        await using EmbeddedTestCluster cluster = await StartAsync();
        ILedgerGrain grain = cluster.Client.GetGrain<ILedgerGrain>(1);
        await grain.Add(3);
        Guid activation = await grain.Activation();
        var other = new GrainState<Ledger>(new Ledger());
        await _storage.ReadStateAsync("ledger", grain.GetGrainId(), other);
        other.State.Entries.Add(10);
        await _storage.WriteStateAsync("ledger", grain.GetGrainId(), other);

        var e = await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add(4));

        Assert.Equal(("2", "1"), (e.StoredEtag, e.CurrentEtag));
        Assert.NotEqual(activation, await grain.Activation());
        Assert.Equal(14, await grain.Add(1));
    }

    [Fact]
    public async Task First_writes_of_two_activations_do_not_both_succeed()
    {
        var id = GrainId.Create("ledger", "1");
        GrainState<Ledger> first = new(new Ledger()), second = new(new Ledger());
        await _storage.ReadStateAsync("ledger", id, first);
        await _storage.ReadStateAsync("ledger", id, second);

        await _storage.WriteStateAsync("ledger", id, first);

        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("ledger", id, second));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync("ledger", id, second));
    }

    [Fact]
    public async Task Silo_without_the_storage_of_a_grain_does_not_start()
    {
        var e = await Assert.ThrowsAsync<OrleansConfigurationException>(() => Cluster.Build(new Probe(), storage: false).StartAsync());

        Assert.Contains("no grain storage named 'store'", e.Message, StringComparison.Ordinal);
        Assert.Contains("no grain storage named 'Default'", e.Message, StringComparison.Ordinal);
    }

    private Task<EmbeddedTestCluster> StartAsync() => Cluster.Build(new Probe())
        .ConfigureSilo(silo => silo.Services.AddKeyedSingleton<IGrainStorage>("store", _storage)).StartAsync();
}
