namespace OpSync.Storage;

/// <summary>Outcome of a conditional write or clear. Durable when it is returned.</summary>
/// <param name="Done">False if the stored version was not the expected one; then nothing was changed.</param>
/// <param name="Version">The version stored now; null if there is none.</param>
public readonly record struct StateChange(bool Done, long? Version);
