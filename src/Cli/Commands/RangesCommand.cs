using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Gateway.Json;
using Spectre.Console;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync ranges</c>: the ranges of a running service.</summary>
internal static class RangesCommand
{
    public static Command Create() => new("ranges", "The ranges of a running service.")
    {
        List(),
        One("show", "Show a range.", HttpMethod.Get, ""),
        One("cancel", "End a range; what is stored stays.", HttpMethod.Delete, ""),
        One("pause", "Pause a range.", HttpMethod.Post, "/pause"),
        One("resume", "Resume a paused range.", HttpMethod.Post, "/resume"),
        Watch(),
    };

    private static Command List()
    {
        RemoteOptions remote = new();
        Option<string?> chain = new("--chain") { Description = "Name or id of a chain; all without it", HelpName = "CHAIN" };
        Command command = new("list", "List ranges, newest first: the open ones and those that ended lately.") { chain, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            string filter = parsed.GetValue(chain) is { } name ? "&chain=" + Uri.EscapeDataString(name) : "";
            PageJson<RangeJson> page = await client.GetAsync("/v1/ranges?limit=200" + filter, GatewayJson.Default.RangePage, cancellationToken);
            if (parsed.GetValue(remote.Json)) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(page, GatewayJson.Default.RangePage));
            else Print(page.Items);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command One(string name, string description, HttpMethod method, string suffix)
    {
        RemoteOptions remote = new();
        Argument<string> id = new("id") { Description = "Id of the range" };
        Command command = new(name, description) { id, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            RangeJson range = await client.SendAsync(
                method, $"/v1/ranges/{Uri.EscapeDataString(parsed.GetValue(id)!)}{suffix}", null, GatewayJson.Default.RangeJson, cancellationToken);
            if (parsed.GetValue(remote.Json)) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(range, GatewayJson.Default.RangeJson));
            else Print([range]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Watch()
    {
        RemoteOptions remote = new();
        Argument<string> id = new("id") { Description = "Id of the range" };
        Option<double> timeout = new("--timeout") { Description = "Seconds to wait; without it until the range ends", HelpName = "S" };
        Command command = new("watch", "Watch a range until it ends.") { id, timeout, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            RangeJson range = await client.GetAsync($"/v1/ranges/{Uri.EscapeDataString(parsed.GetValue(id)!)}", GatewayJson.Default.RangeJson, cancellationToken);
            return await RemoteSync.WatchAsync(client, range, parsed.GetValue(timeout), parsed.GetValue(remote.Json), cancellationToken);
        });
        return command;
    }

    private static void Print(IReadOnlyList<RangeJson> ranges)
    {
        Table table = new() { Border = TableBorder.Ascii };
        table.AddColumns("id", "first", "last", "state", "stored", "blocks/s", "why it waits");
        foreach (RangeJson r in ranges)
        {
            table.AddRow(
                r.Id, $"{r.First}", $"{r.Last}", r.State, string.Create(CultureInfo.InvariantCulture, $"{100.0 * r.Stored / r.Total:F1} %"),
                r.BlocksPerSecond.ToString("F0", CultureInfo.InvariantCulture), Markup.Escape(r.Stall?.Text ?? ""));
        }

        Tables.Print(table);
    }
}
