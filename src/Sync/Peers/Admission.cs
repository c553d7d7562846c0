namespace OpSync.Sync.Peers;

/// <summary>A peer policy's answer to a wish for requests.</summary>
/// <param name="Granted">Requests that may be made now, in the order wished.</param>
/// <param name="RetryAfter">If fewer than wished: not worth asking again before.</param>
/// <param name="Reason">If fewer than wished: why. Null if all were granted.</param>
public readonly record struct Admission(int Granted, TimeSpan RetryAfter, RefusalReason? Reason);
