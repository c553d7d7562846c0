using OpSync.Grains.Tests.Kit;
using OpSync.Storage.Postgres;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Killed silos over PostgreSQL: scores, bans, open ranges and blocks are all there.</summary>
public sealed class PostgresKillTests(PostgresKillTests.Server shared) : KillContract, IClassFixture<PostgresKillTests.Server>
{
    private protected override async Task<World> StartAsync(WorldOptions options)
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        return await World.StartAsync(
            options with { Postgres = new PostgresOptions { ConnectionString = await shared.Postgres!.CreateDatabaseAsync(), PageLength = 250 } });
    }

    /// <summary>One server for all, which none of them harms; a database for each.</summary>
    public sealed class Server : IAsyncLifetime
    {
        public PostgresServer? Postgres { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (PostgresServer.Obstacle is null) Postgres = await PostgresServer.StartAsync();
        }

        public async ValueTask DisposeAsync()
        {
            if (Postgres is not null) await Postgres.DisposeAsync();
        }
    }
}
