using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;

namespace OpSync.Cli.Local;

/// <summary>How a <see cref="SyncSession"/> ended.</summary>
/// <param name="Report">The range at its end.</param>
/// <param name="Peers">The peers at its end, in the order given.</param>
/// <param name="Elapsed">From the first configured peer to the last acknowledgement.</param>
/// <param name="StoredBefore">Heights that were durable when it began.</param>
/// <param name="Stopped">True if the deadline, a stall or the user ended it before the range did.</param>
internal sealed record SyncOutcome(RangeReport Report, IReadOnlyList<PeerReport> Peers, TimeSpan Elapsed, ulong StoredBefore, bool Stopped)
{
    /// <summary>True if a signal asked for the end.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Commits that the store writer made.</summary>
    public long Commits { get; init; }

    /// <summary>From the start of the process to the first durable block; 0 if there was none.</summary>
    public double SecondsToFirstBlock { get; init; }

    public int ExitCode => Report.State switch
    {
        RangeState.Complete => IsContradicted ? Cli.ExitCode.Failed : Cli.ExitCode.Done,
        RangeState.AnchorMismatch or RangeState.DoesNotAttach => Cli.ExitCode.Failed,
        _ => Cli.ExitCode.Incomplete,
    };

    /// <summary>Everything was fetched, but the store keeps other blocks of equal or higher trust at some heights.</summary>
    private bool IsContradicted => Report.State == RangeState.Complete && Report.StallText.Length > 0;

    /// <summary>One word for machines.</summary>
    public string Result => Report.State switch
    {
        RangeState.Complete => IsContradicted ? "contradicted" : "complete",
        RangeState.AnchorMismatch => "anchorMismatch",
        RangeState.DoesNotAttach => "doesNotAttach",
        _ => "incomplete",
    };

    /// <summary>Why it is not complete, for a person; empty if it is.</summary>
    public string Reason
    {
        get
        {
            if (Report.State == RangeState.Complete) return Report.StallText;
            if (Interrupted && Report.State < RangeState.Complete) return $"Interrupted with {Report.Stored} of {Report.Last - Report.First + 1} blocks stored; the same command goes on from there.";
            if (Report.State == RangeState.AnchorMismatch && Report.Contradictions is [.., { } c])
            {
                return $"anchor mismatch at height {c.Number}: the anchor is {c.Expected}, but {c.Source} has {c.Found}. Nobody was charged; check the anchor.";
            }

            string unreachable = string.Join("; ", Peers.Where(p => p.Problem.Length > 0 && !Report.StallText.Contains(p.PeerId, StringComparison.Ordinal)).Select(p => $"{p.PeerId}: {p.Problem}"));
            string stall = Report.StallText.Length > 0 ? Report.StallText.TrimEnd('.') : $"{Report.Stored} of {Report.Last - Report.First + 1} blocks stored when it was stopped";
            if (Report.StallText.Length == 0 && Report.Missing is [ulong next, ..]) stall += $"; block {next} was being asked for";
            return unreachable.Length > 0 ? $"{stall}. Peers that could not be asked: {unreachable}" : stall;
        }
    }
}
