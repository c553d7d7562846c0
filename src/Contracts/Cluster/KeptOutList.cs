namespace OpSync.Contracts.Cluster;

/// <summary>Whom the silos keep out.</summary>
/// <param name="Entries">By subject.</param>
[GenerateSerializer, Immutable, Alias("opsync.kept-out-list")]
public sealed record KeptOutList([property: Id(0)] KeptOut[] Entries);
