using Spectre.Console;

namespace OpSync.Cli.Output;

/// <summary>Tables of the commands that ask a running service.</summary>
internal static class Tables
{
    /// <summary>Wider than any table: ids are there to be copied, so no cell is broken up, whatever the terminal's width.</summary>
    private const int Width = 1_000;

    public static void Print(Table table)
    {
        AnsiConsole.Profile.Width = Width;
        AnsiConsole.Write(table);
    }
}
