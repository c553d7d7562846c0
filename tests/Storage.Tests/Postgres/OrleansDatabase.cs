using System.Data;
using Npgsql;
using OpSync.Storage.Postgres;
using Xunit;

namespace OpSync.Storage.Tests.Postgres;

/// <summary>Runs the query texts as Orleans' ADO.NET providers do: by key, with named parameters, a null as a typed DBNull.</summary>
internal sealed class OrleansDatabase : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly Dictionary<string, string> _queries;

    private OrleansDatabase(PostgresOptions options, NpgsqlDataSource source, Dictionary<string, string> queries) =>
        (_options, Source, _queries) = (options, source, queries);

    public NpgsqlDataSource Source { get; }

    public IReadOnlyCollection<string> Keys => _queries.Keys;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<OrleansDatabase> OpenAsync()
    {
        PostgresOptions options = await SharedPostgres.NewSchemaAsync();
        await PostgresDatabase.MigrateAsync(options, Token);
        NpgsqlDataSource source = NpgsqlDataSource.Create(options.ConnectionString);
        Dictionary<string, string> queries = [];
        await using NpgsqlCommand select = source.CreateCommand("SELECT QueryKey, QueryText FROM OrleansQuery");
        await using NpgsqlDataReader reader = await select.ExecuteReaderAsync(Token);
        while (await reader.ReadAsync(Token)) queries.Add(reader.GetString("QueryKey"), reader.GetString("QueryText"));
        return new OrleansDatabase(options, source, queries);
    }

    /// <summary>All rows of a query, each by the names of its columns; the providers do not mind their case, and nor does this.</summary>
    public async Task<IReadOnlyList<Dictionary<string, object?>>> QueryAsync(string key, params (string Name, object? Value)[] parameters)
    {
        await using NpgsqlConnection connection = await Source.OpenConnectionAsync(Token);
        await using NpgsqlCommand command = new(_queries[key], connection);
        foreach ((string name, object? value) in parameters)
        {
            command.Parameters.Add(value is DbType type
                ? new NpgsqlParameter { ParameterName = name, DbType = type, Value = DBNull.Value }
                : new NpgsqlParameter { ParameterName = name, Value = value });
        }
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token);
        List<Dictionary<string, object?>> rows = [];
        while (await reader.ReadAsync(Token))
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i), StringComparer.OrdinalIgnoreCase));
        }
        return rows;
    }

    /// <summary>The one value of the one row.</summary>
    public async Task<object?> ValueAsync(string key, params (string Name, object? Value)[] parameters) =>
        Assert.Single(Assert.Single(await QueryAsync(key, parameters))).Value;

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await SharedPostgres.DropAsync(_options);
    }
}
