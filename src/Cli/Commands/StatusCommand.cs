using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Gateway.Json;
using Spectre.Console;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync status</c>: a running service in short.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        RemoteOptions remote = new();
        Command command = new("status", "Show a running service: its chains, heads, ranges and peers.") { remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            StatusJson status = await client.GetAsync("/v1/status", GatewayJson.Default.StatusJson, cancellationToken);
            if (parsed.GetValue(remote.Json))
            {
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(status, GatewayJson.Default.StatusJson));
                return ExitCode.Done;
            }

            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"OpSync {status.Version}, up for {TimeSpan.FromSeconds(Math.Floor(status.UptimeSeconds))}"));
            Table table = new() { Border = TableBorder.Ascii };
            table.AddColumns("chain", "id", "blocks", "highest", "safe", "finalized", "open ranges", "peers");
            foreach (ChainJson chain in status.Chains)
            {
                table.AddRow(
                    Markup.Escape(chain.Name), $"{chain.ChainId}", $"{chain.Blocks}", Height(chain.Stored), Height(chain.Safe), Height(chain.Finalized),
                    $"{chain.OpenRanges}", $"{chain.UsablePeers} of {chain.Peers}");
            }

            Tables.Print(table);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Height(BlockIdJson? block) => block is null ? "-" : block.Number.ToString(CultureInfo.InvariantCulture);
}
