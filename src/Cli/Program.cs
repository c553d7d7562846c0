using System.CommandLine;
using System.Text.Json;
using OpSync.Cli.Commands;
using OpSync.Cli.Demo;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;

namespace OpSync.Cli;

/// <summary>Entry point of <c>opsync</c>.</summary>
public static class Program
{
    /// <summary>Runs one command.</summary>
    /// <returns>0 done, 1 failed or anchor mismatch, 2 usage, 3 incomplete at the deadline.</returns>
    public static async Task<int> Main(string[] args)
    {
        RootCommand root = new("OpSync fills missing blocks of OP Stack nodes: from many peers at once, verified to an anchor, stored and served on.")
        {
            UpCommand.Create(),
            DemoCommand.Create(),
            SyncCommand.Create(),
            ServeCommand.Create(),
            StatusCommand.Create(),
            RangesCommand.Create(),
            PeersCommand.Create(),
            BlocksCommand.Create(),
            ExportCommand.Create(),
            ImportCommand.Create(),
            KeyCommand.Create(),
            TokenCommand.Create(),
            ConfigCommand.Create(),
            MigrateCommand.Create(),
            DemoPeerCommand.Create(),
            DemoChainCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors) await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync("See 'opsync --help', or --help behind any command.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Incomplete;
        }
        catch (Exception e)
        {
            // What people can do something about says so in its message; a fault of the program also says where.
            bool isOurs = e is not (UsageException or IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException or TimeoutException or HttpRequestException or RemoteException);
            await Console.Error.WriteLineAsync(isOurs ? e.ToString() : e.Message);
            int exitCode = e is UsageException ? ExitCode.Usage : ExitCode.Failed;
            if (args.Contains("--json"))
            {
                ErrorJson error = new() { Result = exitCode == ExitCode.Usage ? "usage" : "failed", Reason = e.Message };
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(error, CliJson.Default.ErrorJson));
            }

            return exitCode;
        }
    }
}
