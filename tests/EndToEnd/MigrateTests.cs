using OpSync.TestKit;
using Xunit;

namespace OpSync.EndToEnd;

/// <summary><c>opsync migrate</c>. What becomes of a service over PostgreSQL that is killed is in tests/Cluster.</summary>
public sealed class MigrateTests
{
    [Fact]
    public async Task Migrate_brings_a_database_up_to_date_and_says_so()
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string database = await postgres.CreateDatabaseAsync();
        Assert.Contains("applied 0001-orleans", (await Opsync.RunAsync("migrate", "--postgres", database)).ExpectExit(0).Output, StringComparison.Ordinal);
        Assert.Contains("up to date", (await Opsync.RunAsync("migrate", "--postgres", database)).ExpectExit(0).Output, StringComparison.Ordinal);
        (await Opsync.RunAsync("migrate", "--postgres", "Nonsense")).ExpectExit(2);
        (await Opsync.RunAsync("migrate", "--postgres", "Host=/nowhere;Username=u")).ExpectExit(1);
    }
}
