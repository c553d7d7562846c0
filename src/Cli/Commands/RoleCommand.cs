using System.CommandLine;
using OpSync.Cli.Configuration;
using OpSync.Cli.Local;
using OpSync.Silo.Hosting;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync up</c>, <c>silo</c> and <c>gateway</c>: what one settings document describes, all of it or one role of a cluster,
/// until it is told to stop.</summary>
internal static class RoleCommand
{
    public static Command Create(Role role)
    {
        UpOptions options = new();
        Command command = role switch
        {
            Role.Silo => new("silo", "Run a silo of a cluster: fetch, store and serve, until SIGTERM."),
            Role.Gateway => new("gateway", "Run a gateway of a cluster: answer HTTP, until SIGTERM."),
            _ => new("up", "Run the service in one process: fetch, store, serve, and answer HTTP, until SIGTERM."),
        };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Task.Yield();   // a signal that comes now must find the command begun: else it only kills
            if (role != Role.Up && !SiloHosting.CanCluster)
            {
                throw new UsageException(
                    $"'opsync {command.Name}' is a role of a cluster, and this program was built for one process: 'opsync up' runs everything in it. "
                    + "A build with 'dotnet build -p:Engine=Orleans' has the roles.");
            }

            SettingValues values = options.Read(parsed);
            UpPlan? plan = new UpPlanner(values, role).Make();
            foreach (ConfigProblem warning in values.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}");
            if (plan is null) throw new UsageException(string.Join('\n', values.Problems));
            try
            {
                await UpHost.RunAsync(plan, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Told to stop before it had anything to stop: it did.
            }

            return ExitCode.Done;
        });
        return command;
    }
}
