namespace OpSync.Contracts.Cluster;

/// <summary>The silos that are there.</summary>
/// <param name="Silos">By name.</param>
[GenerateSerializer, Immutable, Alias("opsync.silo-presence-list")]
public sealed record SiloPresenceList([property: Id(0)] SiloPresence[] Silos);
