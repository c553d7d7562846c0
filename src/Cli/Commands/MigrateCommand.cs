using System.CommandLine;
using OpSync.Storage.Postgres;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync migrate</c>: brings a PostgreSQL database to the schema of this version, for OpSync and for Orleans.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        Option<string?> postgres = CommonOptions.Postgres();
        Command command = new("migrate", "Bring a PostgreSQL database to the schema of this version. Safe to repeat, and beside running processes.") { postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? connection = parsed.GetValue(postgres) ?? Environment.GetEnvironmentVariable(CommonOptions.PostgresVariable);
            if (string.IsNullOrEmpty(connection)) throw new UsageException($"Name the database with --postgres or {CommonOptions.PostgresVariable}.");
            PostgresOptions options = CommonOptions.Database(connection);
            IReadOnlyList<PostgresMigration> applied = await PostgresDatabase.MigrateAsync(options, cancellationToken);
            foreach (PostgresMigration migration in applied) await Console.Out.WriteLineAsync($"applied {migration.Name}");
            if (applied.Count == 0) await Console.Out.WriteLineAsync($"up to date: {PostgresMigration.All[^1].Name}");
            return ExitCode.Done;
        });
        return command;
    }
}
