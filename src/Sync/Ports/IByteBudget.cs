namespace OpSync.Sync.Ports;

/// <summary>The silo's one byte budget for payloads in memory: reading, in quarantine, or waiting for the store.</summary>
/// <remarks>Thread-safe. One reserve of the largest message belongs to urgent requests, so that half-read bodies cannot
/// deadlock.</remarks>
public interface IByteBudget
{
    /// <summary>Names this budget, so that a payload that moves to another silo can be told from one that stays.</summary>
    Guid Id { get; }

    /// <summary>Bytes that may be accounted in all.</summary>
    long Capacity { get; }

    /// <summary>Bytes accounted now.</summary>
    long Used { get; }

    /// <summary>Takes <paramref name="bytes"/> if there is room at once.</summary>
    /// <param name="bytes">0 or more.</param>
    /// <param name="urgent">May use the reserve.</param>
    bool TryTake(long bytes, bool urgent);

    /// <summary>Waits for room. Urgent waiters come first, then those of greater priority, equals in order of arrival.</summary>
    /// <param name="bytes">0 or more.</param>
    /// <param name="urgent">May use the reserve.</param>
    /// <param name="priority">Greater is more urgent.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask TakeAsync(long bytes, bool urgent, int priority, CancellationToken cancellationToken);

    /// <summary>Gives back what was taken.</summary>
    void Return(long bytes, bool urgent);
}
