namespace OpSync.Embedded.Testing;

/// <summary>
/// How unkind the engine is in a test, within what Orleans allows itself. The same seed gives each grain the same fate.
/// </summary>
public sealed record HostileOptions
{
    /// <summary>Where all chance comes from.</summary>
    public int Seed { get; init; }

    /// <summary>Calls a caller starts without awaiting the one before may arrive in any order.</summary>
    public bool ReorderCalls { get; init; } = true;

    /// <summary>Share of one-way calls that never arrive, 0 to 1.</summary>
    public double DropOneWayShare { get; init; } = 0.01;

    /// <summary>Share of turns after which an activation with nothing running is deactivated, 0 to 1.</summary>
    public double DeactivateShare { get; init; } = 0.01;
}
