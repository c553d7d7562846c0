namespace OpSync.Sync.Peers;

/// <summary>One line of a peer's ledger. The same thing happening again within a minute adds to the line.</summary>
/// <param name="When">Wall time of the first.</param>
/// <param name="Outcome">What happened; 0 where <paramref name="Act"/> says it.</param>
/// <param name="Amount">What it did to the score at that time; decays afterwards.</param>
/// <param name="Count">How often.</param>
/// <param name="Act">What was decided about the peer, if the line is a decision.</param>
public sealed record LedgerEntry(DateTimeOffset When, FetchOutcome Outcome, double Amount, int Count = 1, LedgerAct Act = LedgerAct.None)
{
    /// <summary>What happened, in a word.</summary>
    public string Reason => Act == LedgerAct.None ? Outcome.ToString() : Act.ToString();
}
