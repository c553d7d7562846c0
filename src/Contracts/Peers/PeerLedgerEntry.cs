namespace OpSync.Contracts.Peers;

/// <summary>One change of a score.</summary>
/// <param name="When">Wall clock.</param>
/// <param name="Reason">What happened.</param>
/// <param name="Amount">What it added to the score at that time.</param>
[GenerateSerializer, Immutable, Alias("opsync.ledger-entry")]
public sealed record PeerLedgerEntry(
    [property: Id(0)] DateTimeOffset When,
    [property: Id(1)] string Reason,
    [property: Id(2)] double Amount);
