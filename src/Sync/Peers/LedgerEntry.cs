namespace OpSync.Sync.Peers;

/// <summary>One line of a peer's ledger. The same thing happening again within a minute adds to the line.</summary>
/// <param name="When">Wall time of the first.</param>
/// <param name="Outcome">What happened.</param>
/// <param name="Amount">What it did to the score at that time; decays afterwards.</param>
/// <param name="Count">How often.</param>
public sealed record LedgerEntry(DateTimeOffset When, FetchOutcome Outcome, double Amount, int Count = 1);
