using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Cluster;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;

namespace OpSync.Gateway.Json;

/// <summary>Grain messages as the REST interface shows them.</summary>
internal static class Map
{
    /// <summary>Ranks by name; values as in docs/adr/0003.</summary>
    private static readonly (byte Rank, string Name)[] Ranks = [(10, "caller"), (20, "signed"), (30, "configured"), (40, "safe"), (50, "finalized")];

    public const byte CallerRank = 10, ConfiguredRank = 30, SafeRank = 40, FinalizedRank = 50;

    public static string RankName(byte rank) => Array.Find(Ranks, r => r.Rank == rank).Name ?? "unknown";

    public static byte? Rank(string name)
    {
        (byte rank, string known) = Array.Find(Ranks, r => r.Name == name);
        return known is null ? null : rank;
    }

    public static BlockIdJson Block(BlockId block) => new() { Number = block.Number, Hash = block.Hash.ToString() };

    public static AnchorJson Anchor(AnchorInfo anchor) =>
        new() { Number = anchor.Block.Number, Hash = anchor.Block.Hash.ToString(), Rank = RankName(anchor.Rank) };

    public static IslandJson Island(IslandInfo island) => new() { First = island.First, Last = island.Last, LastHash = island.LastHash.ToString() };

    public static RangeJson Range(RangeReport report) => new()
    {
        Id = RangeName.Format(report.ChainId, report.RangeId),
        ChainId = report.ChainId,
        First = report.First,
        Last = report.Last,
        State = CamelCase(report.State.ToString()),
        Stored = report.Stored,
        Total = report.Last - report.First + 1,
        Bytes = report.Bytes,
        Cursor = report.Cursor,
        InFlight = report.InFlight,
        Quarantined = report.Quarantined,
        Stall = report.StallText.Length == 0 ? null : new StallJson { Code = StallCodeOf(report), Text = report.StallText },
        BlocksPerSecond = report.State >= RangeState.Complete ? 0 : Math.Round(report.BlocksPerSecond, 1),
        BytesPerSecond = report.State >= RangeState.Complete ? 0 : Math.Round(report.BytesPerSecond),
        TimeLeft = new TimeLeftJson
        {
            LowSeconds = report.TimeLeftLow is { } low ? Math.Round(low.TotalSeconds, 1) : null,
            HighSeconds = report.TimeLeftHigh is { } high ? Math.Round(high.TotalSeconds, 1) : null,
            Unknown = report.TimeLeftUnknown.Length > 0 ? report.TimeLeftUnknown : null,
        },
        Shares = [.. report.Shares.Select(s => new ShareJson { PeerId = s.PeerId, Blocks = s.Blocks, Bytes = s.Bytes })],
        Deadline = report.Deadline,
        Priority = report.Priority,
        Missing = report.Missing,
        Contradictions =
        [
            .. report.Contradictions.Select(c => new ContradictionJson
            {
                Number = c.Number, Expected = c.Expected.ToString(), Found = c.Found.ToString(), Source = c.Source,
            }),
        ],
    };

    /// <summary>What ended has no stall any more: its code is how it ended, or that a complete range met contradictions.</summary>
    private static string StallCodeOf(RangeReport report) =>
        CamelCase(report.StallCode != "None" ? report.StallCode : report.State == RangeState.Complete ? "Contradicted" : report.State.ToString());

    public static BlockedJson Blocked(KeptOut entry) => new()
    {
        Subject = entry.Subject,
        Kind = entry.IsPeer ? "peer" : entry.Subject.Contains('/', StringComparison.Ordinal) ? "subnet" : "address",
        ByOperator = entry.ByOperator,
        Until = entry.Until,
        Addresses = entry.From,
    };

    public static PeerJson Peer(PeerReport report) => new()
    {
        PeerId = report.PeerId,
        Addresses = report.Addresses,
        Chains = report.Chains,
        Configured = report.Configured,
        Connected = report.Connected,
        Protected = report.Protected,
        Rate = Math.Round(report.Rate, 1),
        State = report.Blocked ? "blocked" : report.BannedUntil is not null ? "banned" : report.Problem.Length > 0 ? report.Problem : report.RestingUntil is not null ? "resting" : "ok",
        Agent = report.Agent,
        Score = Math.Round(report.Score, 2),
        BannedUntil = report.BannedUntil,
        RestingUntil = report.RestingUntil,
        InFlight = report.InFlight,
        Requests = report.Requests,
        Ok = report.Ok,
        NotFound = report.NotFound,
        RateLimited = report.RateLimited,
        Timeouts = report.Timeouts,
        Failed = report.Failed,
        Malformed = report.Malformed,
        Rejected = report.Rejected,
        Bytes = report.Bytes,
        Ranges = [.. report.Ranges.Select(r => RangeName.Format(r.ChainId, r.RangeId))],
        Ledger = [.. report.Ledger.Select(e => new LedgerJson { When = e.When, Reason = e.Reason, Amount = Math.Round(e.Amount, 2) })],
    };

    public static string CamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];
}
