using OpSync.TestKit;
using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(OpSync.Cluster.Kit.ClusterFixture))]

namespace OpSync.Cluster.Kit;

/// <summary>One PostgreSQL server for all tests; each takes a database of its own.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    /// <summary>True in the long form.</summary>
    internal static bool IsLong => Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1";

    /// <summary>The server; a test that needs it where none can be started is skipped.</summary>
    internal PostgresServer Postgres
    {
        get
        {
            Skip.Unless(_server is not null, PostgresServer.Obstacle ?? "");
            return _server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (PostgresServer.Obstacle is null) _server = await PostgresServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
