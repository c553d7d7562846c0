using OpSync.Grains.Tests.Kit;
using OpSync.Storage.Postgres;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Killed silos over PostgreSQL: scores, bans, open ranges and blocks are all there.</summary>
public sealed class PostgresKillTests : KillContract, IAsyncLifetime
{
    private PostgresServer? _server;

    public async ValueTask InitializeAsync()
    {
        Skip.Unless(PostgresServer.Obstacle is null, PostgresServer.Obstacle ?? "");
        _server = await PostgresServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }

    private protected override async Task<World> StartAsync(WorldOptions options) => await World.StartAsync(
        options with { Postgres = new PostgresOptions { ConnectionString = await _server!.CreateDatabaseAsync(), PageLength = 250 } });
}
