namespace OpSync.Contracts.Peers;

/// <summary>Policy and accounting of one peer: token buckets, in-flight limit, score, ban. Keyed by <see cref="PeerGrainKey"/>.
/// The silo's swarm owns the socket.</summary>
[Alias("opsync.IPeerGrain")]
public interface IPeerGrain : IGrainWithStringKey
{
    /// <summary>Adds addresses and a chain, marks the peer as configured or not, and connects. Persisted before it returns.</summary>
    [Alias("configure")]
    Task<PeerReport> Configure(PeerSetup setup);

    /// <summary>A range asks for blocks. Takes as many as policy allows, in the order given, and starts them on the silo's link;
    /// never waits for the network. What is refused is to be asked elsewhere.</summary>
    [Alias("fetch")]
    Task<FetchAnswer> Fetch(FetchOrder order);

    /// <summary>A range asks for headers. Taken (1) or refused (0); what is taken is started on the silo's link.</summary>
    [Alias("fetch-headers")]
    Task<FetchAnswer> FetchHeaders(HeaderOrder order);

    /// <summary>The silo's link reports how requests ended.</summary>
    [Alias("report")]
    Task Report(OutcomeBatch batch);

    /// <summary>A range charges a proven lie.</summary>
    [Alias("charge")]
    Task Charge(PeerCharge charge);

    /// <summary>Requests of a range are not wanted any more.</summary>
    [Alias("cancel")]
    Task Cancel(RangeTag range);

    /// <summary>Single requests of a range are not wanted any more: another peer was faster. No fault of this one.</summary>
    [Alias("cancel-requests")]
    Task CancelRequests(RangeTag range, [Immutable] ulong[] requestIds);

    /// <summary>The silo's link tells that the connection, or what is known of it, changed. Of a link that another activation commanded
    /// nothing is taken.</summary>
    /// <param name="state">What the link knows.</param>
    /// <param name="epoch">Epoch of the activation that commands the link.</param>
    /// <returns>Epoch of this activation; a greater one means that the link is not needed any more.</returns>
    [Alias("link")]
    Task<long> LinkChanged(LinkState state, long epoch);

    /// <summary>An operator keeps the peer out, until then or, with null, until further notice. Persisted before it returns.</summary>
    [Alias("block")]
    Task<PeerReport> Block(DateTimeOffset? until);

    /// <summary>An operator lifts a block, a ban, and the rest after a lie, and forgives the lies. Persisted before it returns.</summary>
    [Alias("unblock")]
    Task<PeerReport> Unblock();

    /// <summary>An operator protects the peer from bans, as if the configuration named it, or takes that back. Persisted before it
    /// returns. A block is stronger.</summary>
    [Alias("protect")]
    Task<PeerReport> Protect(bool on);

    /// <summary>A snapshot for people.</summary>
    [Alias("get")]
    Task<PeerReport> GetReport();

    /// <summary>Forgets its addresses and chains and disconnects; what it did, and a ban, stay known. Persisted before it returns.</summary>
    /// <returns>False for a peer of the configuration, which stays.</returns>
    [Alias("forget")]
    Task<bool> Forget();
}
