namespace OpSync.Contracts.Cluster;

/// <summary>What changed of whom the silos keep out.</summary>
/// <param name="Version">What the reader knows from now on.</param>
/// <param name="IsWhole">True if these are all there are: whoever else was kept out is so no more. False if they are new or changed and
/// the rest is as before.</param>
/// <param name="Entries">In no order. Those whose end has come are left out, and are told of by nobody else.</param>
[GenerateSerializer, Immutable, Alias("opsync.access-changes")]
public sealed record AccessChanges(
    [property: Id(0)] long Version,
    [property: Id(1)] bool IsWhole,
    [property: Id(2)] KeptOut[] Entries);
