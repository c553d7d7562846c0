using System.Globalization;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OpSync.Embedded;

/// <summary>
/// Grain storage that lasts as long as this object. Values are kept as JSON, so a grain that forgets to write finds
/// its change missing here as it would anywhere else.
/// </summary>
public sealed class MemoryGrainStorage : IGrainStorage
{
    /// <summary>Records of all grains together.</summary>
    private const int RecordsMax = 1_000_000;

    private static readonly JsonSerializerOptions s_json = new() { IncludeFields = true };

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, GrainId), (byte[] Json, string Etag)> _records = [];
    private long _lastEtag;

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        lock (_gate)
        {
            if (_records.TryGetValue((stateName, grainId), out var record))
            {
                grainState.State = JsonSerializer.Deserialize<T>(record.Json, s_json)!;
                grainState.ETag = record.Etag;
                grainState.RecordExists = true;
            }
            else
            {
                grainState.ETag = null;
                grainState.RecordExists = false;
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(grainState.State, s_json);
        lock (_gate)
        {
            if (Conflict(stateName, grainId, grainState.ETag) is { } conflict) return Task.FromException(conflict);
            if (grainState.ETag is null && _records.Count >= RecordsMax)
                return Task.FromException(new LimitExceededException($"Memory storage has {RecordsMax} records, which is the limit."));
            string etag = (++_lastEtag).ToString(CultureInfo.InvariantCulture);
            _records[(stateName, grainId)] = (json, etag);
            grainState.ETag = etag;
            grainState.RecordExists = true;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        lock (_gate)
        {
            if (Conflict(stateName, grainId, grainState.ETag) is { } conflict) return Task.FromException(conflict);
            _records.Remove((stateName, grainId));
            grainState.ETag = null;
            grainState.RecordExists = false;
        }

        return Task.CompletedTask;
    }

    private InconsistentStateException? Conflict(string stateName, GrainId grainId, string? etag)
    {
        string? stored = _records.TryGetValue((stateName, grainId), out var record) ? record.Etag : null;
        return stored == etag ? null : new InconsistentStateException(
            $"The record '{stateName}' of {grainId} was changed by somebody else.", stored, etag);
    }
}
