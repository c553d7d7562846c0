namespace OpSync.Contracts.Ranges;

/// <summary>What one peer gave to a range since its activation.</summary>
/// <param name="PeerId">Base58 peer id.</param>
/// <param name="Blocks">Blocks received, whatever became of them.</param>
/// <param name="Bytes">Bytes of those blocks.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-share")]
public readonly record struct PeerShareInfo(
    [property: Id(0)] string PeerId, [property: Id(1)] long Blocks, [property: Id(2)] long Bytes);
