namespace OpSync.SimulationKit;

/// <summary>A rule was broken in a simulated world.</summary>
public sealed class SimulationException(string message) : Exception(message);
