namespace OpSync.Sync.Peers;

/// <summary>Which decaying counter an outcome adds to.</summary>
internal enum ScoreCounter
{
    None,
    Valid,
    Errors,
    Lies,
}

/// <summary>What one outcome does to a peer.</summary>
/// <param name="Counter">Counter raised by one.</param>
/// <param name="TokensOwed">Tokens taken from its bucket besides the one of the request.</param>
internal readonly record struct OutcomeRule(ScoreCounter Counter, int TokensOwed = 0)
{
    public bool IsLie => Counter == ScoreCounter.Lies;
}

/// <summary>The one table of outcomes, weights and caps.</summary>
/// <remarks>
/// Weights and caps are op-node's (op-node p2p/app_params.go): +0.5 per valid response, 10 count; -1 per error, 9 count; -20 per
/// rejected payload, 20 count. Errors are counted here but weigh nothing: a timeout, a refusal, a reset or a missing block proves
/// no fault (docs/adr/0003).
/// </remarks>
internal static class OutcomeRules
{
    /// <summary>A peer that says it is asked too fast is left alone for as long as four tokens take: a second, by default.</summary>
    private const int RateLimitedDebt = 4;

    private static readonly double[] s_weights = [0, 0.5, 0, -20];
    private static readonly double[] s_caps = [0, 10, 9, 20];

    public static OutcomeRule Of(FetchOutcome outcome) => outcome switch
    {
        FetchOutcome.Good => new(ScoreCounter.Valid),
        FetchOutcome.NotFound => new(ScoreCounter.None),
        FetchOutcome.RateLimited => new(ScoreCounter.Errors, RateLimitedDebt),
        FetchOutcome.Timeout => new(ScoreCounter.Errors),
        FetchOutcome.Failed => new(ScoreCounter.Errors),
        FetchOutcome.Malformed => new(ScoreCounter.Lies),
        FetchOutcome.HashMismatch => new(ScoreCounter.Lies),
        FetchOutcome.Unsupported => new(ScoreCounter.None),
        FetchOutcome.OurFault => new(ScoreCounter.None),
        FetchOutcome.NotAsked => new(ScoreCounter.None),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "Not an outcome."),
    };

    public static double Weight(ScoreCounter counter) => s_weights[(int)counter];

    public static double Cap(ScoreCounter counter) => s_caps[(int)counter];
}
