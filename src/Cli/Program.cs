using System.CommandLine;
using System.Text.Json;
using OpSync.Cli.Commands;
using OpSync.Cli.Configuration;
using OpSync.Cli.Demo;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;

namespace OpSync.Cli;

/// <summary>Entry point of <c>opsync</c>.</summary>
public static class Program
{
    /// <summary>Every command.</summary>
    internal static RootCommand CreateRoot() => new("OpSync fills missing blocks of OP Stack nodes: from many peers at once, verified to an anchor, stored and served on.")
    {
        RoleCommand.Create(Role.Up),
        RoleCommand.Create(Role.Silo),
        RoleCommand.Create(Role.Gateway),
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

    /// <summary>Runs one command.</summary>
    /// <returns>0 done, 1 failed or anchor mismatch, 2 usage, 3 incomplete at the deadline.</returns>
    public static async Task<int> Main(string[] args)
    {
        RootCommand root = CreateRoot();
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
            // By a signal, before the command had anything to show.
            return await EndAsync("incomplete", "Interrupted before it began; the same command goes on.", ExitCode.Incomplete);
        }
        catch (Exception e)
        {
            // What people can do something about says so in its message; a fault of the program also says where.
            bool isOurs = e is not (UsageException or IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException or TimeoutException or HttpRequestException or RemoteException);
            if (isOurs) await Console.Error.WriteLineAsync(e.ToString());
            return e is UsageException ? await EndAsync("usage", e.Message, ExitCode.Usage) : await EndAsync("failed", e.Message, ExitCode.Failed, isTold: isOurs);
        }

        async Task<int> EndAsync(string result, string reason, int exitCode, bool isTold = false)
        {
            if (!isTold) await Console.Error.WriteLineAsync(reason);
            if (args.Contains("--json")) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new ErrorJson { Result = result, Reason = reason }, CliJson.Default.ErrorJson));
            return exitCode;
        }
    }
}
