using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpSync.Contracts.State;

namespace OpSync.Grains.State;

/// <summary>Reads and writes documents in <see cref="StateBlob"/>s.</summary>
internal static class StateBlobs
{
    /// <summary>The document, or null if nothing was written yet.</summary>
    /// <exception cref="InvalidOperationException">A newer OpSync wrote it: this one must not touch it.</exception>
    public static T? Read<T>(this IPersistentState<StateBlob> state, int version, JsonTypeInfo<T> type)
        where T : class
    {
        if (!state.RecordExists || state.State.Version == 0) return null;
        if (state.State.Version > version)
        {
            throw new InvalidOperationException(
                $"The stored {typeof(T).Name} has version {state.State.Version}; this program knows up to {version}. Run the newer program.");
        }

        return JsonSerializer.Deserialize(state.State.Json, type);
    }

    /// <summary>Persists the document. A conflict or a lost database is an exception and ends the activation's turn.</summary>
    public static Task Write<T>(this IPersistentState<StateBlob> state, int version, T document, JsonTypeInfo<T> type)
        where T : class
    {
        state.State.Version = version;
        state.State.Json = JsonSerializer.SerializeToUtf8Bytes(document, type);
        return state.WriteStateAsync();
    }
}
