using System.Buffers.Binary;
using System.Globalization;
using Orleans.Storage;

namespace OpSync.Storage.GrainStorage;

/// <summary>Keeps the states of grains in an <see cref="IStateStore"/>.</summary>
/// <remarks>Every state is a class with the properties <c>int Version</c> and <c>byte[] Json</c>; grains write and read the JSON
/// themselves, so that no serializer of an engine decides what lies on the disk. The stored bytes are the version in four
/// bytes, little-endian, then the JSON.</remarks>
public sealed class StateGrainStorage(IStateStore store) : IGrainStorage
{
    private const int HeaderLength = sizeof(int);

    /// <inheritdoc/>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        StateRow? row = await store.ReadAsync(Key(stateName, grainId), CancellationToken.None).ConfigureAwait(false);
        grainState.State = row is null ? Shape<T>.Create() : Decode<T>(row.Payload, stateName, grainId);
        grainState.ETag = Text(row?.Version);
        grainState.RecordExists = row is not null;
    }

    /// <inheritdoc/>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        StateChange change = await store.WriteAsync(
            Key(stateName, grainId), Version(grainState.ETag), Encode(grainState.State), CancellationToken.None).ConfigureAwait(false);
        if (!change.Done) throw Conflict("write", stateName, grainId, change, grainState.ETag);
        grainState.ETag = Text(change.Version);
        grainState.RecordExists = true;
    }

    /// <inheritdoc/>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        StateChange change = await store.ClearAsync(Key(stateName, grainId), Version(grainState.ETag), CancellationToken.None)
            .ConfigureAwait(false);
        if (!change.Done) throw Conflict("clear", stateName, grainId, change, grainState.ETag);
        grainState.State = Shape<T>.Create();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static StateKey Key(string stateName, GrainId grainId) => new(grainId.Type.ToString()!, grainId.Key.ToString()!, stateName);

    private static long? Version(string? etag) => etag is null ? null : long.Parse(etag, CultureInfo.InvariantCulture);

    private static string? Text(long? version) => version?.ToString(CultureInfo.InvariantCulture);

    private static InconsistentStateException Conflict(
        string action, string stateName, GrainId grainId, StateChange change, string? etag) =>
        new($"Could not {action} state '{stateName}' of {grainId}: it changed since it was read.", Text(change.Version) ?? "none", etag ?? "none");

    private static byte[] Encode<T>(T state)
    {
        byte[] json = Shape<T>.GetJson(state) ?? [];
        byte[] payload = new byte[HeaderLength + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(payload, Shape<T>.GetVersion(state));
        json.CopyTo(payload, HeaderLength);
        return payload;
    }

    private static T Decode<T>(byte[] payload, string stateName, GrainId grainId)
    {
        if (payload.Length < HeaderLength) throw new IOException($"State '{stateName}' of {grainId} has only {payload.Length} bytes.");
        T state = Shape<T>.Create();
        Shape<T>.SetVersion(state, BinaryPrimitives.ReadInt32LittleEndian(payload));
        Shape<T>.SetJson(state, payload[HeaderLength..]);
        return state;
    }

    /// <summary>The two properties of a state class, looked up once.</summary>
    private static class Shape<T>
    {
        public static readonly Func<T> Create = typeof(T) is { IsClass: true, IsAbstract: false } type && type.GetConstructor([]) is not null
            ? Activator.CreateInstance<T>
            : throw new NotSupportedException($"State {typeof(T)} is not a class with a public constructor without parameters.");

        public static readonly Func<T, int> GetVersion = Accessor<Func<T, int>>("Version", typeof(int), write: false);
        public static readonly Action<T, int> SetVersion = Accessor<Action<T, int>>("Version", typeof(int), write: true);
        public static readonly Func<T, byte[]?> GetJson = Accessor<Func<T, byte[]?>>("Json", typeof(byte[]), write: false);
        public static readonly Action<T, byte[]> SetJson = Accessor<Action<T, byte[]>>("Json", typeof(byte[]), write: true);

        private static TDelegate Accessor<TDelegate>(string name, Type type, bool write) where TDelegate : Delegate =>
            typeof(T).GetProperty(name, type) is { CanRead: true, CanWrite: true } property
                ? (write ? property.SetMethod! : property.GetMethod!).CreateDelegate<TDelegate>()
                : throw new NotSupportedException($"State {typeof(T)} has no property '{name}' of type {type} that can be read and written.");
    }
}
