namespace OpSync.Contracts.Chains;

/// <summary>The silos that serve a chain, or did.</summary>
/// <param name="PeerIds">Their libp2p identities in base58, the newest last.</param>
[GenerateSerializer, Immutable, Alias("opsync.silo-list")]
public sealed record SiloList([property: Id(0)] string[] PeerIds);
