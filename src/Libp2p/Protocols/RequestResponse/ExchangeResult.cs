using System.Diagnostics.CodeAnalysis;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>Outcome of a request.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Response">The answer; its receiver disposes it.</param>
/// <param name="Protocol">The protocol id that was used, once one was agreed on.</param>
public readonly record struct ExchangeResult(ExchangeOutcome Outcome, PooledResponse? Response, string? Protocol)
{
    /// <summary>From the start to the first byte of the answer; zero where none came.</summary>
    public TimeSpan FirstByteAfter { get; init; }

    /// <summary>From the start to the end.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Part of <see cref="Elapsed"/> spent waiting for our own budget: a reset after a long wait may be our fault.</summary>
    public TimeSpan BudgetWait { get; init; }

    /// <summary>Whether there is an answer.</summary>
    [MemberNotNullWhen(true, nameof(Response), nameof(Protocol))]
    public bool IsOk => Outcome == ExchangeOutcome.Ok;
}
