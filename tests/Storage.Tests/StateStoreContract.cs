using Xunit;

namespace OpSync.Storage.Tests;

/// <summary>What every store of grain state and reminders promises.</summary>
public abstract class StateStoreContract : IAsyncLifetime
{
    private static readonly StateKey Key = new("peer", "16Uiu2HAm", "score"), OtherName = Key with { Name = "addresses" };
    private static readonly DateTimeOffset Start = new(2026, 10, 1, 12, 0, 0, TimeSpan.FromHours(2));
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected IStateStore Store { get; set; } = null!;

    /// <summary>Opens an empty store.</summary>
    protected abstract ValueTask<IStateStore> OpenAsync();

    /// <summary>Opens the same store again, as after a restart.</summary>
    protected abstract ValueTask<IStateStore> ReopenStoreAsync();

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task State_is_read_as_written_under_its_own_key_only()
    {
        Assert.Null(await Store.ReadAsync(Key, Token));
        StateChange written = await Store.WriteAsync(Key, null, [1, 2, 3], Token);
        Assert.True(written.Done);
        StateRow? row = await Store.ReadAsync(Key, Token);
        Assert.Equal(written.Version, row?.Version);
        Assert.Equal([1, 2, 3], row!.Payload);
        foreach (StateKey other in (StateKey[])[OtherName, Key with { GrainKey = "16uiu2ham" }, Key with { GrainType = "range" }])
        {
            Assert.Null(await Store.ReadAsync(other, Token));
        }
    }

    [Fact]
    public async Task Write_with_the_wrong_version_changes_nothing_and_names_the_stored_one()
    {
        Assert.Equal(new StateChange(false, null), await Store.WriteAsync(Key, 5, [9], Token));
        long first = (await Store.WriteAsync(Key, null, [1], Token)).Version!.Value;
        long second = (await Store.WriteAsync(Key, first, [2], Token)).Version!.Value;
        Assert.NotEqual(first, second);
        Assert.Equal(new StateChange(false, second), await Store.WriteAsync(Key, first, [3], Token));
        Assert.Equal(new StateChange(false, second), await Store.WriteAsync(Key, null, [3], Token));
        Assert.Equal(new StateChange(false, second), await Store.ClearAsync(Key, first, Token));
        Assert.Equal([2], (await Store.ReadAsync(Key, Token))!.Payload);
    }

    [Fact]
    public async Task State_cleared_and_written_again_refuses_the_version_from_before()
    {
        long old = (await Store.WriteAsync(Key, null, [1], Token)).Version!.Value;
        Assert.Equal(new StateChange(true, null), await Store.ClearAsync(Key, old, Token));
        Assert.Null(await Store.ReadAsync(Key, Token));
        Assert.Equal(new StateChange(true, null), await Store.ClearAsync(Key, null, Token));
        await ReopenAsync();
        long again = (await Store.WriteAsync(Key, null, [], Token)).Version!.Value;
        Assert.Equal(new StateChange(false, again), await Store.WriteAsync(Key, old, [3], Token));
        Assert.Empty((await Store.ReadAsync(Key, Token))!.Payload);
    }

    [Fact]
    public async Task One_of_many_racing_writers_wins_each_version()
    {
        StateChange[] first = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => Store.WriteAsync(Key, null, [(byte)i], Token).AsTask()));
        StateChange winner = Assert.Single(first, c => c.Done);
        Assert.All(first, c => Assert.Equal(winner.Version, c.Version));
        StateChange[] second = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => Store.WriteAsync(Key, winner.Version, [(byte)i], Token).AsTask()));
        Assert.Single(second, c => c.Done);
    }

    [Fact]
    public async Task Writes_that_wait_together_are_all_kept_over_a_restart()
    {
        const int count = 2_000;   // several batches, more than the queue holds
        StateChange[] changes = await Task.WhenAll(Enumerable.Range(0, count).Select(
            i => Store.WriteAsync(Key with { GrainKey = $"{i}" }, null, BitConverter.GetBytes(i), Token).AsTask()));
        Assert.Equal(count, changes.Select(c => c.Version).Distinct().Count());
        await ReopenAsync();
        for (int i = 0; i < count; i++)
        {
            StateRow? row = await Store.ReadAsync(Key with { GrainKey = $"{i}" }, Token);
            Assert.Equal(i, BitConverter.ToInt32(row!.Payload));
            Assert.Equal(changes[i].Version, row.Version);
        }
    }

    [Fact]
    public async Task Write_larger_than_its_bound_is_refused() => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
        async () => await Store.WriteAsync(Key, null, new byte[IStateStore.PayloadMax + 1], Token));

    [Fact]
    public async Task Cancelled_write_is_not_done()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.WriteAsync(Key, null, [1], new CancellationToken(canceled: true)));
        Assert.Null(await Store.ReadAsync(Key, Token));
    }

    [Fact]
    public async Task Reminders_are_read_by_grain_and_all_over_a_restart()
    {
        StoredReminder a = new(Key, Start, Period), b = new(OtherName, Start, Period * 2);
        StoredReminder c = new(new StateKey("range", "10/abc", "poke"), Start, Period);
        foreach (StoredReminder reminder in (StoredReminder[])[a, b, c]) Assert.True(await Store.WriteReminderAsync(reminder, Token));
        await ReopenAsync();
        Assert.Equal([b, a], await Store.ReadRemindersAsync(Key.GrainType, Key.GrainKey, Token));
        Assert.Equal([b, a, c], await Store.ReadRemindersAsync(Token));
        Assert.Empty(await Store.ReadRemindersAsync(Key.GrainType, "other", Token));
    }

    [Fact]
    public async Task Reminder_is_replaced_and_deleted()
    {
        Assert.True(await Store.WriteReminderAsync(new StoredReminder(Key, Start, Period), Token));
        Assert.False(await Store.WriteReminderAsync(new StoredReminder(Key, Start, Period * 3), Token));
        Assert.Equal(Period * 3, Assert.Single(await Store.ReadRemindersAsync(Token)).Period);
        Assert.False(await Store.DeleteReminderAsync(OtherName, Token));
        Assert.True(await Store.DeleteReminderAsync(Key, Token));
        Assert.Empty(await Store.ReadRemindersAsync(Token));
    }

    private async Task ReopenAsync() => Store = await ReopenStoreAsync();
}
