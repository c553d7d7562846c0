using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace OpSync.Embedded.Engine;

/// <summary>A persistent state as its activation sees it.</summary>
internal interface IStateFacet
{
    /// <summary>Reads the state.</summary>
    Task ReadStateAsync();
}

/// <summary>A record of one grain in one grain storage.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
internal sealed class StateFacet<T>(Activation activation, string name, IGrainStorage storage) : IPersistentState<T>, IStateFacet
{
    private GrainState<T> _record = Empty();

    public static IStateFacet Create(Activation activation, string name, IGrainStorage storage) =>
        new StateFacet<T>(activation, name, storage);

    /// <inheritdoc/>
    public T State
    {
        get => _record.State;
        set => _record.State = value;
    }

    /// <inheritdoc/>
    public string? Etag => _record.ETag;

    /// <inheritdoc/>
    public bool RecordExists => _record.RecordExists;

    /// <inheritdoc cref="Orleans.Core.IStorage.ReadStateAsync()"/>
    public async Task ReadStateAsync()
    {
        // Into a new record, so that an absent one leaves nothing of the old value and a failure leaves all of it.
        GrainState<T> record = Empty();
        await storage.ReadStateAsync(name, activation.GrainId, record);
        _record = record;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync() => Marked(storage.WriteStateAsync(name, activation.GrainId, _record));

    /// <inheritdoc/>
    public async Task ClearStateAsync()
    {
        await Marked(storage.ClearStateAsync(name, activation.GrainId, _record));
        _record.State = Activator.CreateInstance<T>();
        _record.RecordExists = false;
    }

    private static GrainState<T> Empty() => new(Activator.CreateInstance<T>());

    /// <summary>Notes in an inconsistency whose it is, so that only this activation ends by it.</summary>
    private async Task Marked(Task work)
    {
        try
        {
            await work;
        }
        catch (InconsistentStateException e)
        {
            e.Activation ??= activation;
            throw;
        }
    }
}
