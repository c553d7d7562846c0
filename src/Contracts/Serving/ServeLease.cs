namespace OpSync.Contracts.Serving;

/// <summary>The answer to a <see cref="ServeLeaseOrder"/>.</summary>
/// <param name="Granted">Tokens taken; 0 if there is none in time.</param>
/// <param name="Wait">How long to wait before the token is used; of none granted, when to ask again.</param>
[GenerateSerializer, Immutable, Alias("opsync.serve-lease")]
public sealed record ServeLease([property: Id(0)] int Granted, [property: Id(1)] TimeSpan Wait);
