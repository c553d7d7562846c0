using OpSync.Sync.Headers;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Ports;

/// <summary>The silo's way to ask peers for headers. Nothing here waits for the network: the outcome is checked outside any grain
/// and reported to the range, and to the peer's grain where it proves a fault.</summary>
public interface IHeaderLinks
{
    /// <summary>Starts a request on the connection that the silo has, under its deadline and the silo's byte budget.</summary>
    /// <param name="peer">Whom to ask.</param>
    /// <param name="range">On whose behalf.</param>
    /// <param name="ask">What.</param>
    /// <param name="epoch">Epoch of the activation that asks; the request of an older one ends at once as our own doing.</param>
    void FetchHeaders(PeerKey peer, RangeKey range, HeaderAsk ask, long epoch);
}
