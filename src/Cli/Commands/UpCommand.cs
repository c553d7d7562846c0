using System.CommandLine;
using OpSync.Cli.Configuration;
using OpSync.Cli.Local;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync up</c>: silo and gateway in one process, until it is told to stop.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        UpOptions options = new();
        Command command = new("up", "Run the service: fetch, store, serve, and answer HTTP, until SIGTERM.");
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Task.Yield();   // a signal that comes now must find the command begun: else it only kills
            SettingValues values = options.Read(parsed);
            UpPlan? plan = new UpPlanner(values).Make();
            foreach (ConfigProblem warning in values.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}");
            if (plan is null) throw new UsageException(string.Join('\n', values.Problems));
            await UpHost.RunAsync(plan, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }
}
