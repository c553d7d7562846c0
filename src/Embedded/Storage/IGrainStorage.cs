using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>Keeps the records of grains. Registered as a keyed service under its name.</summary>
public interface IGrainStorage
{
    /// <summary>
    /// Reads a record into <paramref name="grainState"/>: value, ETag and existence. An absent record leaves the value as it
    /// is.
    /// </summary>
    /// <param name="stateName">Name of the record within the grain.</param>
    /// <param name="grainId">The grain.</param>
    /// <param name="grainState">Receives what was read.</param>
    Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <summary>
    /// Writes a record whose stored ETag is that of <paramref name="grainState"/> (null: no record), and sets the new one.
    /// </summary>
    /// <param name="stateName">Name of the record within the grain.</param>
    /// <param name="grainId">The grain.</param>
    /// <param name="grainState">What to write.</param>
    /// <exception cref="InconsistentStateException">The stored ETag is another.</exception>
    Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <summary>Deletes a record whose stored ETag is that of <paramref name="grainState"/>.</summary>
    /// <param name="stateName">Name of the record within the grain.</param>
    /// <param name="grainId">The grain.</param>
    /// <param name="grainState">Its ETag is compared and then cleared.</param>
    /// <exception cref="InconsistentStateException">The stored ETag is another.</exception>
    Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
}
