using Npgsql;
using OpSync.Storage.Postgres;
using OpSync.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(OpSync.Storage.Tests.Postgres.SharedPostgres))]

namespace OpSync.Storage.Tests.Postgres;

/// <summary>One server for all tests that do not harm it, started by the first; a schema of its own for each.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static PostgresServer? s_server;

    /// <summary>Skips the test where there is no server.</summary>
    public static async Task<PostgresOptions> NewSchemaAsync()
    {
        string? server = Environment.GetEnvironmentVariable(PostgresServer.Variable);
        if (string.IsNullOrEmpty(server))
        {
            Assert.SkipWhen(PostgresServer.Obstacle is not null, PostgresServer.Obstacle ?? "");
            await Gate.WaitAsync();
            try
            {
                s_server ??= await PostgresServer.StartAsync();
            }
            finally
            {
                Gate.Release();
            }
            server = s_server.ConnectionString;
        }
        return await NewSchemaAsync(server);
    }

    /// <summary>A schema of its own on a given server. Small pages, so that a few blocks fill several.</summary>
    public static async Task<PostgresOptions> NewSchemaAsync(string server)
    {
        string schema = $"t_{Guid.NewGuid():N}";
        await using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using NpgsqlCommand create = new($"CREATE SCHEMA {schema}", connection);
        await create.ExecuteNonQueryAsync();
        return new PostgresOptions
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(server) { SearchPath = schema, MinPoolSize = 0 }.ConnectionString,
            PageLength = 700,
            ConnectionsMax = 8,
        };
    }

    /// <summary>Takes the schema away with everything in it.</summary>
    public static async Task DropAsync(PostgresOptions options)
    {
        await using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(options.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        string schema = new NpgsqlConnectionStringBuilder(options.ConnectionString).SearchPath!;
        await using NpgsqlCommand drop = new($"DROP SCHEMA {schema} CASCADE", connection);
        await drop.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (s_server is not null) await s_server.DisposeAsync();
    }
}
