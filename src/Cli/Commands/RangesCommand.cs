using System.CommandLine;
using System.Globalization;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Gateway.Json;
using Spectre.Console;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync ranges</c>: the ranges of a running service.</summary>
internal static class RangesCommand
{
    private static readonly RemoteCommands<RangeJson> Ranges = new("range", "/v1/ranges", GatewayJson.Default.RangeJson, GatewayJson.Default.RangePage, Print);

    public static Command Create() => new("ranges", "The ranges of a running service.")
    {
        Ranges.List("List ranges, newest first: the open ones and those that ended lately."),
        Ranges.One("show", "Show a range: what is left, what holds it up, and who gave what.", HttpMethod.Get, "", PrintMore),
        Ranges.One("cancel", "End a range; what is stored stays.", HttpMethod.Delete, ""),
        Ranges.One("pause", "Pause a range.", HttpMethod.Post, "/pause"),
        Ranges.One("resume", "Resume a paused range.", HttpMethod.Post, "/resume"),
        Watch(),
    };

    private static Command Watch()
    {
        RemoteOptions remote = new();
        Argument<string> id = new("id") { Description = "Id of the range" };
        Option<double> timeout = new("--timeout") { Description = "Seconds to wait; without it until the range ends", HelpName = "S" };
        Command command = new("watch", "Watch a range until it ends.") { id, timeout, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            double seconds = RemoteSync.CheckTimeout(parsed.GetValue(timeout));
            using GatewayClient client = remote.Connect(parsed);
            RangeJson range = await client.GetAsync($"/v1/ranges/{Uri.EscapeDataString(parsed.GetValue(id)!)}", GatewayJson.Default.RangeJson, cancellationToken);
            return await RemoteSync.WatchAsync(client, range, seconds, parsed.GetValue(remote.Json), cancellationToken);
        });
        return command;
    }

    private static void PrintMore(RangeJson range)
    {
        Line("stored", $"{range.Stored} of {range.Total} blocks");
        Line("speed", string.Create(CultureInfo.InvariantCulture, $"{range.BlocksPerSecond:F1} blocks/s, {range.BytesPerSecond / 1e6:F1} MB/s"));
        if (range.State == "running") Line("time left", RemoteSync.TimeLeft(range) ?? range.TimeLeft.Unknown ?? "unknown");
        Line("priority", range.Priority.ToString(CultureInfo.InvariantCulture));
        if (range.Deadline is { } deadline) Line("deadline", deadline.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (range.Missing.Length > 0) Line("held up by", string.Join(", ", range.Missing));
        foreach (ContradictionJson c in range.Contradictions) Line("contradiction", $"block {c.Number} must be {c.Expected}, {c.Source} has {c.Found}");
        foreach (ShareJson share in range.Shares) Line("from", string.Create(CultureInfo.InvariantCulture, $"{share.PeerId}  {share.Blocks} blocks, {share.Bytes / 1e6:F1} MB"));

        static void Line(string name, string value) => Console.WriteLine($"{name,-13} {value}");
    }

    private static void Print(IReadOnlyList<RangeJson> ranges)
    {
        Table table = new() { Border = TableBorder.Ascii };
        table.AddColumns("id", "first", "last", "state", "stored", "blocks/s", "why it waits");
        foreach (RangeJson r in ranges)
        {
            table.AddRow(
                r.Id, $"{r.First}", $"{r.Last}", r.State, string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(1_000.0 * r.Stored / r.Total) / 10:F1} %"),
                r.BlocksPerSecond.ToString("F0", CultureInfo.InvariantCulture), Markup.Escape(r.Stall?.Text ?? ""));
        }

        Tables.Print(table);
    }
}
