using System.CommandLine;
using OpSync.Storage.Postgres;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync migrate</c>: brings a PostgreSQL database to the schema of this version, for OpSync and for Orleans.</summary>
internal static class MigrateCommand
{
    /// <summary>Names the database where no flag does; the setting of <c>opsync up</c> has the same variable.</summary>
    private const string Variable = "OPSYNC_POSTGRES";

    public static Command Create()
    {
        Option<string?> postgres = new("--postgres") { Description = $"Connection string; without it the environment variable {Variable}", HelpName = "TEXT" };
        Command command = new("migrate", "Bring a PostgreSQL database to the schema of this version. Safe to repeat, and beside running processes.") { postgres };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string? connection = parsed.GetValue(postgres) ?? Environment.GetEnvironmentVariable(Variable);
            if (string.IsNullOrEmpty(connection)) throw new UsageException($"Name the database with --postgres or {Variable}.");
            PostgresOptions options = new() { ConnectionString = connection };
            try
            {
                options.CheckConnectionString();
            }
            catch (DatabaseRefusedException e)
            {
                throw new UsageException(e.Message);
            }

            IReadOnlyList<PostgresMigration> applied = await PostgresDatabase.MigrateAsync(options, cancellationToken);
            foreach (PostgresMigration migration in applied) await Console.Out.WriteLineAsync($"applied {migration.Name}");
            if (applied.Count == 0) await Console.Out.WriteLineAsync($"up to date: {PostgresMigration.All[^1].Name}");
            return ExitCode.Done;
        });
        return command;
    }
}
