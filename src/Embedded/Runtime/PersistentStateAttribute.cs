namespace Orleans.Runtime;

/// <summary>Says which record and which grain storage an <see cref="IPersistentState{TState}"/> parameter means.</summary>
/// <param name="stateName">Name of the record within the grain.</param>
/// <param name="storageName">Name of the grain storage; null for the default one.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
{
    /// <summary>Name of the record within the grain.</summary>
    public string StateName { get; } = stateName;

    /// <summary>Name of the grain storage; null for the default one.</summary>
    public string? StorageName { get; } = storageName;
}
