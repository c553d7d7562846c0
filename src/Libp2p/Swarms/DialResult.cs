using System.Diagnostics.CodeAnalysis;

namespace OpSync.Libp2p.Swarms;

/// <summary>Outcome of a dial.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Connection">The connection, new or one that was there.</param>
/// <param name="Detail">For people: what exactly failed where.</param>
public sealed record DialResult(DialOutcome Outcome, ConnectionInfo? Connection, string? Detail)
{
    /// <summary>Whether there is a connection.</summary>
    [MemberNotNullWhen(true, nameof(Connection))]
    public bool IsConnected => Outcome == DialOutcome.Connected;
}
