using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Gateway.Json;
using Spectre.Console;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync peers block</c>, <c>unblock</c> and <c>blocked</c>: whom a running service keeps out, peers by their id and networks by
/// address.</summary>
internal static class BlockCommands
{
    private const string Networks = "/v1/blocked";

    private static readonly RemoteCommands<BlockedJson> Blocked = new("block", Networks, GatewayJson.Default.BlockedJson, GatewayJson.Default.BlockedPage, Print);

    /// <summary><c>blocked</c>: everybody who is kept out.</summary>
    public static Command List() => Blocked.List("List peers, addresses and subnets that are kept out.", "blocked", hasChains: false);

    /// <summary><c>block</c> or <c>unblock</c>.</summary>
    /// <param name="name">Which of the two.</param>
    /// <param name="description">What it does.</param>
    /// <param name="print">Prints a table of peers.</param>
    public static Command Change(string name, string description, Action<IReadOnlyList<PeerJson>> print)
    {
        RemoteOptions remote = new();
        Argument<string> who = new("id") { Description = "Id of the peer, IP address, or subnet such as 192.0.2.0/24" };
        Command command = new(name, description) { who, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            string subject = parsed.GetValue(who)!;
            bool isJson = parsed.GetValue(remote.Json);
            if (!subject.AsSpan().ContainsAny('.', ':'))   // a peer id has neither
            {
                PeerJson peer = await client.SendAsync(HttpMethod.Post, $"/v1/peers/{Uri.EscapeDataString(subject)}/{name}", null, GatewayJson.Default.PeerJson, cancellationToken);
                if (isJson) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(peer, GatewayJson.Default.PeerJson));
                else print([peer]);
            }
            else if (name == "block")
            {
                BlockPostJson post = new() { Network = subject };
                BlockedJson blocked = await client.PostAsync(Networks, post, GatewayJson.Default.BlockPostJson, GatewayJson.Default.BlockedJson, cancellationToken);
                if (isJson) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(blocked, GatewayJson.Default.BlockedJson));
                else Print([blocked]);
            }
            else
            {
                await client.SendAsync(HttpMethod.Delete, $"{Networks}?network={Uri.EscapeDataString(subject)}", null, cancellationToken);
                GoneJson gone = new() { Kind = "block", Id = subject };
                await Console.Out.WriteLineAsync(isJson ? JsonSerializer.Serialize(gone, GatewayJson.Default.GoneJson) : $"Unblocked: {subject}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<BlockedJson> blocked)
    {
        Table table = new() { Border = TableBorder.Ascii };
        table.AddColumns("kept out", "kind", "by", "until", "with addresses");
        foreach (BlockedJson b in blocked)
        {
            string until = b.Until is { } end ? string.Create(CultureInfo.InvariantCulture, $"{end.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z") : "unblocked";
            table.AddRow(Markup.Escape(b.Subject), b.Kind, b.ByOperator ? "operator" : "ban", until, Markup.Escape(string.Join(' ', b.Addresses)));
        }

        Tables.Print(table);
    }
}
