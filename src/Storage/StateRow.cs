namespace OpSync.Storage;

/// <summary>A persisted state as it was read.</summary>
/// <param name="Version">Its etag: changes with every write and is never given twice.</param>
/// <param name="Payload">The bytes that were written; an array of the caller's own.</param>
public sealed record StateRow(long Version, byte[] Payload);
