namespace OpSync.Contracts.Ranges;

/// <summary>The store's acknowledgements for one range. They hold for every generation: durable is durable.</summary>
/// <param name="Items">At most 256.</param>
[GenerateSerializer, Immutable, Alias("opsync.acks")]
public sealed record AckBatch([property: Id(0)] AckInfo[] Items);
