namespace OpSync.Contracts.Serving;

/// <summary>A silo's wish for tokens of a peer that it serves.</summary>
/// <param name="PeerId">Base58 peer id, as proven by its connection.</param>
/// <param name="Wanted">Tokens wanted, 1 or more; no more than the peer is granted in a second.</param>
/// <param name="WaitMax">If no token is there: a single one may be taken ahead of time, if it comes within this.</param>
/// <param name="Rate">Tokens per second that the silo's settings grant a peer.</param>
/// <param name="Burst">Tokens it may save up.</param>
[GenerateSerializer, Immutable, Alias("opsync.serve-lease-order")]
public sealed record ServeLeaseOrder(
    [property: Id(0)] string PeerId,
    [property: Id(1)] int Wanted,
    [property: Id(2)] TimeSpan WaitMax,
    [property: Id(3)] double Rate,
    [property: Id(4)] int Burst);
