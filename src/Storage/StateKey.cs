namespace OpSync.Storage;

/// <summary>Names one persisted state, or one reminder, of one grain.</summary>
/// <param name="GrainType">Type part of the grain id.</param>
/// <param name="GrainKey">Key part of the grain id.</param>
/// <param name="Name">Name of the state or of the reminder.</param>
public readonly record struct StateKey(string GrainType, string GrainKey, string Name);
