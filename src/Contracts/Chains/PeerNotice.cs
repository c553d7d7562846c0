namespace OpSync.Contracts.Chains;

/// <summary>Whether a peer can be asked for blocks of the chain.</summary>
/// <param name="PeerId">Base58 peer id.</param>
/// <param name="Usable">False while it is banned, resting, unreachable or does not speak the protocol.</param>
/// <param name="InFlightMax">Requests it may have open for one range.</param>
/// <param name="BannedUntil">End of its ban or block; null if it has none.</param>
/// <param name="Headers">True if it gives headers of the chain.</param>
/// <param name="Problem">Why it is not usable and what comes next, in words for a person; empty if it is.</param>
/// <param name="Sequence">Rises with each notice of a peer, from the milliseconds since 1970 when its grain was activated; 0 where it is
/// not told.</param>
[GenerateSerializer, Immutable, Alias("opsync.peer-notice")]
public sealed record PeerNotice(
    [property: Id(0)] string PeerId,
    [property: Id(1)] bool Usable,
    [property: Id(2)] int InFlightMax,
    [property: Id(3)] DateTimeOffset? BannedUntil = null,
    [property: Id(4)] bool Headers = false,
    [property: Id(5)] string Problem = "",
    [property: Id(6)] long Sequence = 0);
