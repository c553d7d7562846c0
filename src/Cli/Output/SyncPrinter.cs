using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Peers;
using Spectre.Console;

namespace OpSync.Cli.Output;

/// <summary>Prints the result of a sync for people or for machines.</summary>
internal static class SyncPrinter
{
    public static void Print(ChainSpec chain, SyncPlan plan, SyncOutcome outcome, bool json)
    {
        SyncJson result = ToJson(chain, plan, outcome);
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(result, CliJson.Default.SyncJson));
            return;
        }

        PrintSummary(result);
        PrintPeers(result.Peers, null);
    }

    public static SyncJson ToJson(ChainSpec chain, SyncPlan plan, SyncOutcome outcome)
    {
        double seconds = outcome.Elapsed.TotalSeconds;
        ulong fresh = outcome.Report.Stored - outcome.StoredBefore;
        using Process self = Process.GetCurrentProcess();
        return new SyncJson
        {
            ChainId = chain.ChainId,
            First = plan.First,
            Last = plan.Last,
            Stored = outcome.Report.Stored,
            Seconds = Math.Round(seconds, 3),
            BlocksPerSecond = seconds > 0 ? Math.Round(fresh / seconds, 1) : 0,
            Bytes = outcome.Report.Bytes,
            PeakMemoryBytes = self.PeakWorkingSet64,
            SecondsToFirstBlock = Math.Round(outcome.SecondsToFirstBlock, 3),
            HeadersLinked = outcome.Report.HeadersLinked,
            Result = outcome.Result,
            Reason = outcome.Reason,
            Missing = outcome.Report.Missing,
            Peers = [.. outcome.Peers.Select(ToJson)],
        };
    }

    public static void PrintSummary(SyncJson result)
    {
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Result}: {result.Stored} of {result.Last - result.First + 1} blocks stored, {result.Bytes / 1e6:F1} MB in {result.Seconds:F1} s, {result.BlocksPerSecond:F0} blocks/s, peak memory {result.PeakMemoryBytes / 1e6:F0} MB"));
        if (result.HeadersLinked > 0)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.HeadersLinked} headers were linked to the anchor ahead of their blocks."));
        if (result.Reason.Length > 0) Console.Out.WriteLine(result.Reason);
    }

    public static void PrintPeers(IReadOnlyList<SyncJson.PeerJson> peers, IReadOnlyList<string>? roles)
    {
        (string Name, Func<SyncJson.PeerJson, long> Value)[] counters =
        [
            ("requests", p => p.Requests), ("ok", p => p.Ok), ("not found", p => p.NotFound), ("limited", p => p.RateLimited), ("timeout", p => p.Timeouts),
            ("failed", p => p.Failed), ("malformed", p => p.Malformed), ("rejected", p => p.Rejected),
        ];
        counters = [.. counters.Where(c => c.Name is "requests" or "ok" || peers.Any(p => c.Value(p) != 0))];
        Table table = new() { Border = TableBorder.Ascii };
        if (roles is not null) table.AddColumn("role");
        table.AddColumn("peer");
        foreach ((string name, _) in counters) table.AddColumn(name);
        table.AddColumns("score", "state");
        for (int i = 0; i < peers.Count; i++)
        {
            SyncJson.PeerJson p = peers[i];
            List<string> cells = roles is null ? [] : [i < roles.Count ? roles[i] : ""];
            cells.Add(Markup.Escape(p.PeerId.Length > 9 ? p.PeerId[^9..] : p.PeerId));
            foreach ((_, Func<SyncJson.PeerJson, long> value) in counters) cells.Add(value(p).ToString(CultureInfo.InvariantCulture));
            cells.Add(p.Score.ToString("F1", CultureInfo.InvariantCulture));
            cells.Add(Markup.Escape(p.Banned ? "banned" : p.Problem.Length > 0 ? p.Problem : p.Resting ? "resting" : "ok"));
            table.AddRow([.. cells]);
        }

        AnsiConsole.Write(table);
    }

    private static SyncJson.PeerJson ToJson(PeerReport peer) => new()
    {
        PeerId = peer.PeerId,
        Requests = peer.Requests,
        Ok = peer.Ok,
        NotFound = peer.NotFound,
        RateLimited = peer.RateLimited,
        Timeouts = peer.Timeouts,
        Failed = peer.Failed,
        Malformed = peer.Malformed,
        Rejected = peer.Rejected,
        Score = Math.Round(peer.Score, 2),
        Banned = peer.BannedUntil is not null,
        Resting = peer.RestingUntil is not null,
        Problem = peer.Problem,
    };
}
