namespace OpSync.Contracts.Peers;

/// <summary>Ended requests of one peer.</summary>
/// <param name="Items">At most 64, in the order in which they ended.</param>
/// <param name="Sender">One life of a silo; empty for none, whose batches all count.</param>
/// <param name="Sequence">Rises with each batch of a sender to a peer. A batch that is sent again has the same one, and counts once.</param>
[GenerateSerializer, Immutable, Alias("opsync.outcomes")]
public sealed record OutcomeBatch(
    [property: Id(0)] FetchEnd[] Items,
    [property: Id(1)] Guid Sender = default,
    [property: Id(2)] long Sequence = 0);
