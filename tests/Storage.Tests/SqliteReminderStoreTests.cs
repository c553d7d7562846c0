using OpSync.Embedded;
using OpSync.Storage.GrainStorage;
using OpSync.StorageWriter;
using Xunit;

namespace OpSync.Storage.Tests;

public sealed class SqliteReminderStoreTests
{
    [Fact]
    public async Task Reminders_survive_a_restart_and_go_when_deleted()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using TempDirectory temp = new();
        GrainId chain = GrainId.Create("chain", "10"), range = GrainId.Create("range", "10/a/b");
        DateTimeOffset start = new(2026, 10, 1, 12, 0, 0, 5, TimeSpan.Zero);
        ReminderRow poke = new(chain, "poke", start, TimeSpan.FromMinutes(1));
        ReminderRow other = new(range, "poke", start, TimeSpan.FromMinutes(2));
        await using (DataDirectory directory = DataDirectory.OpenWriter(temp.Path, TestChain.Identity))
        {
            StateReminderStore store = new(directory.State);
            await store.UpsertAsync(poke with { Period = TimeSpan.FromMinutes(9) }, token);
            await store.UpsertAsync(poke, token);
            await store.UpsertAsync(other, token);
        }
        await using (DataDirectory directory = DataDirectory.OpenWriter(temp.Path, TestChain.Identity))
        {
            StateReminderStore store = new(directory.State);
            Assert.Equal([poke, other], await store.ReadAllAsync(token));
            Assert.Equal([other], await store.ReadAsync(range, token));
            await store.DeleteAsync(chain, "poke", token);
            await store.DeleteAsync(chain, "absent", token);
            Assert.Equal([other], await store.ReadAllAsync(token));
        }
    }
}
