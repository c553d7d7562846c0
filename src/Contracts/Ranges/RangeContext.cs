namespace OpSync.Contracts.Ranges;

/// <summary>What a range must know of the world around it; each field replaces the one before.</summary>
/// <param name="Sequence">Raised by the sender with each context; an older one is ignored.</param>
/// <param name="Peers">Peers that may be asked.</param>
/// <param name="Withheld">Heights other ranges fetch.</param>
/// <param name="Priority">Its own priority, or that of the most urgent range that waits for it; greater is more urgent.</param>
/// <param name="Trouble">Peers that may not be asked and why, in words for a person; empty if there are none.</param>
/// <param name="Awaited">Peers of the chain that cannot be asked now and may be later: resting, or being dialled.</param>
/// <param name="PreferredPeer">Base58 id of the peer to ask first for everything; null where that does not change.</param>
[GenerateSerializer, Immutable, Alias("opsync.range-context")]
public sealed record RangeContext(
    [property: Id(0)] long Sequence,
    [property: Id(1)] PeerOfferInfo[] Peers,
    [property: Id(2)] SpanInfo[] Withheld,
    [property: Id(3)] int Priority = 0,
    [property: Id(4)] string Trouble = "",
    [property: Id(5)] string[]? Awaited = null,
    [property: Id(6)] string? PreferredPeer = null);
