using OpSync.Sync.Ranges;

namespace OpSync.Sync.Ports;

/// <summary>A proven block on its way to the store.</summary>
/// <param name="ChainId">Chain.</param>
/// <param name="Item">The block and its rank.</param>
/// <param name="Range">Whom to acknowledge; null for a block that no range asked for.</param>
/// <param name="Urgent">Whether its bytes were accounted as urgent.</param>
public sealed record StoreJob(ulong ChainId, AppendItem Item, RangeKey? Range, bool Urgent);
