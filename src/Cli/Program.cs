using System.CommandLine;
using OpSync.Cli.Commands;
using OpSync.Cli.Demo;

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
            DemoCommand.Create(),
            SyncCommand.Create(),
            ServeCommand.Create(),
            BlocksCommand.Create(),
            ExportCommand.Create(),
            ImportCommand.Create(),
            KeyCommand.Create(),
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
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Incomplete;
        }
    }
}
