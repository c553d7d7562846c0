using Orleans.Concurrency;

namespace OpSync.Contracts.Chains;

/// <summary>Anchors, open ranges and peers of one chain. Keyed by chain id.</summary>
[Alias("opsync.IChainGrain")]
public interface IChainGrain : IGrainWithIntegerKey
{
    /// <summary>Opens a range, or finds the same one already open.</summary>
    [Alias("post-range")]
    Task<RangePosted> PostRange(RangePost post);

    /// <summary>Adds an anchor of the chain. For administrators and configured sources.</summary>
    [Alias("post-anchor")]
    Task<AnchorPosted> PostAnchor(AnchorInfo anchor);

    /// <summary>Pauses or resumes a range; its share of work that others wait for goes to them.</summary>
    [Alias("pause-range")]
    Task<bool> PauseRange(string rangeId, bool on);

    /// <summary>Cancels a range.</summary>
    [Alias("cancel-range")]
    Task<bool> CancelRange(string rangeId);

    /// <summary>A silo serves this chain from now on.</summary>
    /// <param name="peerId">Its libp2p identity.</param>
    /// <returns>Identities of all silos that ever did, the newest last, at most 256: peers that are never asked.</returns>
    [Alias("join-silo")]
    Task<SiloList> JoinSilo(string peerId);

    /// <summary>Makes sure that every unfinished range runs. Called at silo start and by the reminder.</summary>
    [Alias("poke")]
    Task Poke();

    /// <summary>A snapshot.</summary>
    [Alias("get")]
    Task<ChainReport> GetReport();

    /// <summary>A range ended. May be lost, repeated or late.</summary>
    [Alias("range-moved"), OneWay]
    Task RangeMoved(RangeMove move);

    /// <summary>A peer became usable or stopped being so. May be lost, repeated or late.</summary>
    [Alias("peer-changed"), OneWay]
    Task PeerChanged(PeerNotice notice);

    /// <summary>Does not ask this peer any more, and does not list it. It comes back when it is configured again.</summary>
    /// <returns>False if it was not known.</returns>
    [Alias("forget-peer")]
    Task<bool> ForgetPeer(string peerId);
}
