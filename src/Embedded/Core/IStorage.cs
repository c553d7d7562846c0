namespace Orleans.Core;

/// <summary>A record in grain storage, seen by its grain.</summary>
public interface IStorage
{
    /// <summary>Version of the record as last read or written; null before that.</summary>
    string? Etag { get; }

    /// <summary>True if the record was there when last read, or was written since.</summary>
    bool RecordExists { get; }

    /// <summary>Deletes the record.</summary>
    /// <exception cref="Storage.InconsistentStateException">Somebody else changed the record.</exception>
    Task ClearStateAsync();

    /// <inheritdoc cref="ClearStateAsync()"/>
    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    /// <summary>Writes the state.</summary>
    /// <exception cref="Storage.InconsistentStateException">Somebody else changed the record.</exception>
    Task WriteStateAsync();

    /// <inheritdoc cref="WriteStateAsync()"/>
    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    /// <summary>Reads the state anew; what was not written is lost.</summary>
    Task ReadStateAsync();

    /// <inheritdoc cref="ReadStateAsync()"/>
    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}

/// <summary>A record in grain storage and its value.</summary>
/// <typeparam name="TState">Type of the value; has a public constructor without parameters.</typeparam>
public interface IStorage<TState> : IStorage
{
    /// <summary>The value in memory; storage sees it when it is written.</summary>
    TState State { get; set; }
}
