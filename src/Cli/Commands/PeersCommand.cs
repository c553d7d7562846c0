using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpSync.Cli.Output;
using OpSync.Cli.Remote;
using OpSync.Gateway.Json;
using Spectre.Console;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync peers</c>: the peers of a running service.</summary>
internal static class PeersCommand
{
    private static readonly RemoteCommands<PeerJson> Peers = new("peer", "/v1/peers", GatewayJson.Default.PeerJson, GatewayJson.Default.PeerPage, Print);

    public static Command Create() => new("peers", "The peers of a running service.")
    {
        Peers.List("List peers with score and counters."),
        Add(),
        Remove(),
        Peers.One("show", "Show a peer with its addresses, its work and its ledger.", HttpMethod.Get, "", PrintMore),
        BlockCommands.Change("block", "Keep a peer, an address or a subnet out until it is unblocked.", Print),
        BlockCommands.Change("unblock", "Lift a block, a ban and a rest of a peer, or the block of an address or a subnet.", Print),
        BlockCommands.List(),
        Peers.One("protect", "Rest a peer where it would be banned.", HttpMethod.Post, "/protect"),
        Peers.One("unprotect", "Take a protection back.", HttpMethod.Post, "/unprotect"),
    };

    private static Command Add()
    {
        RemoteOptions remote = new();
        Argument<string> address = new("address") { Description = "Multiaddr with the peer id" };
        Option<string> chain = new("--chain") { Description = "Name or id of the chain it serves", HelpName = "CHAIN", Required = true };
        Command command = new("add", "Make a peer known and connect to it.") { address, chain, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            PeerPostJson post = new() { Chain = parsed.GetValue(chain)!, Address = parsed.GetValue(address)! };
            PeerJson peer = await client.PostAsync("/v1/peers", post, GatewayJson.Default.PeerPostJson, GatewayJson.Default.PeerJson, cancellationToken);
            if (parsed.GetValue(remote.Json)) await Console.Out.WriteLineAsync(JsonSerializer.Serialize(peer, GatewayJson.Default.PeerJson));
            else Print([peer]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Remove()
    {
        RemoteOptions remote = new();
        Argument<string> id = new("id") { Description = "Id of the peer" };
        Command command = new("remove", "Forget a peer.") { id, remote.Json };
        remote.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using GatewayClient client = remote.Connect(parsed);
            string peer = parsed.GetValue(id)!;
            await client.SendAsync(HttpMethod.Delete, $"/v1/peers/{Uri.EscapeDataString(peer)}", null, cancellationToken);
            GoneJson gone = new() { Kind = "peer", Id = peer };
            await Console.Out.WriteLineAsync(parsed.GetValue(remote.Json) ? JsonSerializer.Serialize(gone, GatewayJson.Default.GoneJson) : $"Forgotten: {peer}");
            return ExitCode.Done;
        });
        return command;
    }

    private static void PrintMore(PeerJson peer)
    {
        foreach (string address in peer.Addresses) Console.WriteLine($"address  {address}");
        foreach (string range in peer.Ranges) Console.WriteLine($"works for range  {range}");
        foreach (LedgerJson entry in peer.Ledger)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entry.When.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {entry.Amount,8:F2}  {entry.Reason}"));
        }
    }

    private static void Print(IReadOnlyList<PeerJson> peers)
    {
        Table table = new() { Border = TableBorder.Ascii };
        table.AddColumns("peer", "state", "score", "open", "requests", "ok", "not found", "limited", "timeout", "failed", "malformed", "rejected", "agent");
        foreach (PeerJson p in peers)
        {
            table.AddRow(
                p.PeerId, Markup.Escape(p.State), p.Score.ToString("F1", CultureInfo.InvariantCulture), $"{p.InFlight}", $"{p.Requests}", $"{p.Ok}", $"{p.NotFound}", $"{p.RateLimited}",
                $"{p.Timeouts}", $"{p.Failed}", $"{p.Malformed}", $"{p.Rejected}", Markup.Escape(p.Agent));
        }

        Tables.Print(table);
    }
}
