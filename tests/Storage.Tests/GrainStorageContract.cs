using OpSync.Storage.GrainStorage;
using Orleans.Storage;
using Xunit;

namespace OpSync.Storage.Tests;

/// <summary>Grain storage as an engine sees it, over every state store.</summary>
public abstract class GrainStorageContract : IAsyncLifetime
{
    private const string Name = "ledger";

    private static readonly GrainId Grain = GrainId.Create("peer", "16Uiu2HAm");

    private StateGrainStorage _storage = null!;

    public sealed class Persisted
    {
        public int Version { get; set; }

        public byte[] Json { get; set; } = [];
    }

    public sealed class Shapeless
    {
        public string Text { get; set; } = "";
    }

    /// <summary>Opens the store, empty at first and as it was left after that.</summary>
    protected abstract ValueTask<IStateStore> OpenAsync();

    public async ValueTask InitializeAsync() => _storage = new StateGrainStorage(await OpenAsync());

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task State_is_read_as_written_after_a_restart()
    {
        GrainState<Persisted> written = New(version: -3, json: [.. "{}"u8]);
        await _storage.WriteStateAsync(Name, Grain, written);
        Assert.True(written.RecordExists);
        _storage = new StateGrainStorage(await OpenAsync());

        GrainState<Persisted> read = New(version: 1, json: [1]);
        await _storage.ReadStateAsync(Name, Grain, read);
        Assert.Equal((-3, "{}", written.ETag, true), (read.State!.Version, System.Text.Encoding.UTF8.GetString(read.State.Json), read.ETag, read.RecordExists));
    }

    [Fact]
    public async Task Absent_state_is_read_as_a_new_one()
    {
        GrainState<Persisted> state = New(version: 5, json: [1]);
        await _storage.WriteStateAsync("other", Grain, New(version: 6, json: [2]));
        await _storage.WriteStateAsync(Name, GrainId.Create("peer", "other"), New(version: 6, json: [2]));
        await _storage.ReadStateAsync(Name, Grain, state);
        Assert.Equal((0, 0, null, false), (state.State!.Version, state.State.Json.Length, state.ETag, state.RecordExists));
    }

    [Fact]
    public async Task Write_and_clear_with_an_old_etag_are_inconsistent_and_name_both()
    {
        GrainState<Persisted> mine = New(1, [1]), stale = New(1, [2]);
        await _storage.WriteStateAsync(Name, Grain, mine);
        await _storage.ReadStateAsync(Name, Grain, stale);
        await _storage.WriteStateAsync(Name, Grain, mine);

        InconsistentStateException write = await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(Name, Grain, stale));
        Assert.Equal((mine.ETag, stale.ETag), (write.StoredEtag, write.CurrentEtag));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.ClearStateAsync(Name, Grain, stale));
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync(Name, Grain, New(1, [3])));
        await _storage.ReadStateAsync(Name, Grain, stale);
        Assert.Equal([1], stale.State!.Json);
    }

    [Fact]
    public async Task Cleared_state_is_gone_and_can_be_written_anew()
    {
        GrainState<Persisted> state = New(1, [1]);
        await _storage.WriteStateAsync(Name, Grain, state);
        await _storage.ClearStateAsync(Name, Grain, state);
        Assert.Equal((0, null, false), (state.State!.Version, state.ETag, state.RecordExists));
        await _storage.WriteStateAsync(Name, Grain, state);
        Assert.True(state.RecordExists);
    }

    [Fact]
    public async Task State_of_another_shape_is_refused()
    {
        Exception e = await Assert.ThrowsAnyAsync<Exception>(
            () => _storage.WriteStateAsync(Name, Grain, new GrainState<Shapeless> { State = new Shapeless() }));
        Assert.IsType<NotSupportedException>(e.GetBaseException());
    }

    private static GrainState<Persisted> New(int version, byte[] json) => new() { State = new Persisted { Version = version, Json = json } };
}
