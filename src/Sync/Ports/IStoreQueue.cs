using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ports;

/// <summary>The way into the silo's one store writer.</summary>
public interface IStoreQueue
{
    /// <summary>Hands a proven block over. The writer owns its accounted bytes from then on, returns them once it is durable and
    /// then acknowledges it to the range.</summary>
    /// <returns>False if the queue is full; nothing was taken.</returns>
    bool TryEnqueue(StoreJob job);

    /// <summary>True if the block was handed over and is not yet acknowledged.</summary>
    bool IsQueued(ulong chainId, Hash32 hash);
}
