using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Codec.Bulk;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>The silo's connections to the peers it asks, and the requests open on them.</summary>
internal sealed class PeerLinks(
    SwarmHolder swarm, ChainRegistry chains, IGrainFactory grains, IByteBudget budget, Verifier verifier, FetchReports reports,
    IOptions<PeerLinkOptions> options, TimeProvider time, ILogger<PeerLinks> log) : IPeerLinks, ISwarmObserver
{
    private readonly ConcurrentDictionary<PeerKey, PeerLink> _links = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <inheritdoc/>
    public void Connect(PeerKey peer, IReadOnlyList<string> addresses)
    {
        if (!PeerId.TryParse(peer.Value, out PeerId? id)) return;
        PeerLink link = _links.GetOrAdd(peer, key => new PeerLink(key, id, swarm, grains, options.Value, time, log, _stopping.Token));
        link.Connect(addresses);
    }

    /// <inheritdoc/>
    public void Disconnect(PeerKey peer, string reason)
    {
        if (!_links.TryRemove(peer, out PeerLink? link)) return;
        link.Stop();
        swarm.Value.Disconnect(link.Id, reason);
    }

    /// <inheritdoc/>
    public void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items)
    {
        _links.TryGetValue(peer, out PeerLink? link);
        link?.Count(items.Count);
        if (link is null)
        {
            foreach (AskItem item in items) reports.Ended(peer, range, item, FetchVerdict.Failed, 0, TimeSpan.Zero);
            return;
        }

        // Taken here: a cancel that follows this call must find the requests, even if they have not begun.
        CancellationToken token = link.TokenOf(range);
        Outside.Run(() => Task.WhenAll(items.Select(item => FetchAsync(link, range, item, token))));
    }

    /// <inheritdoc/>
    public int CountOpen(PeerKey peer) => _links.TryGetValue(peer, out PeerLink? link) ? link.Open : 0;

    /// <inheritdoc/>
    public void Cancel(PeerKey peer, RangeKey range)
    {
        if (_links.TryGetValue(peer, out PeerLink? link)) link.Cancel(range);
    }

    /// <inheritdoc/>
    public void Connected(ConnectionInfo connection) => Find(connection.Peer)?.Changed();

    /// <inheritdoc/>
    public void Disconnected(ConnectionInfo connection, string reason) => Find(connection.Peer)?.Lost(reason);

    /// <inheritdoc/>
    public void Identified(PeerId peer, IdentifyInfo info)
    {
        if (Find(peer) is not { } link) return;
        HashSet<string> spoken = [.. info.Protocols];
        link.Identified(
            [.. chains.Chains.Where(c => c.Protocols.Any(spoken.Contains)).Select(c => c.Spec.ChainId)],
            [.. chains.ChainIds.Where(c => spoken.Contains(BulkProtocols.Headers(c)))],
            info.AgentVersion is { Length: > 64 } agent ? agent[..64] : info.AgentVersion);
    }

    /// <summary>Stops dialling and ends every request, for good.</summary>
    public void Stop()
    {
        _stopping.Cancel();
        foreach (PeerLink link in _links.Values) link.Stop();
    }

    private PeerLink? Find(PeerId peer) => _links.GetValueOrDefault(new PeerKey(peer.ToString()));

    /// <summary>One request from its reservation to the verifier or to its end. Owns its reservation until one of both.</summary>
    private async Task FetchAsync(PeerLink link, RangeKey range, AskItem item, CancellationToken cancellationToken)
    {
        ReadReservation reservation = new(budget, item.Urgent, options.Value);
        FetchVerdict verdict = FetchVerdict.OurFault;
        ExchangeResult result = default;
        try
        {
            await reservation.ExtendAsync(item.SizeExpected, cancellationToken).ConfigureAwait(false);
            result = await RequestAsync(link, range, item, reservation, cancellationToken).ConfigureAwait(false);
            if (result.Outcome != ExchangeOutcome.Ok) Log.NoBlock(log, link.Key.Value, item.Number, result.Outcome.ToString());
            verdict = reservation.GaveUp ? FetchVerdict.OurFault : ToVerdict(result.Outcome);
        }
        catch (OperationCanceledException)
        {
            // Cancelled by the range or by the end of the process, or no room came: nobody's fault but ours.
        }
        catch (Exception e)
        {
            Log.HandOverFailed(log, e);
        }
        finally
        {
            link.Count(-1);
        }

        if (result.Response is { } response)
        {
            try
            {
                FetchedResponse fetched = new(link.Key, range, item, response, reservation.Taken, result.Elapsed);
                await verifier.SubmitAsync(fetched, _stopping.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException)
            {
                response.Dispose();
                verdict = FetchVerdict.OurFault;
            }
        }

        reservation.ReturnAll();
        reports.Ended(link.Key, range, item, verdict, 0, result.Elapsed);
    }

    private ValueTask<ExchangeResult> RequestAsync(
        PeerLink link, RangeKey range, AskItem item, ReadReservation reservation, CancellationToken cancellationToken)
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest(item.Number, request);
        ExchangeLimits limits = new()
        {
            ResponseSizeMax = PayloadByNumber.SizeMax,
            ExpectedSize = item.SizeExpected,
            OpenTimeout = options.Value.OpenTimeout,
            WriteTimeout = options.Value.WriteTimeout,
            ReadTimeout = options.Value.ReadTimeout,
            Budget = reservation,
        };
        return Exchange.RequestAsync(swarm.Value, link.Id, chains.Get(range.ChainId).Protocols, request, limits, cancellationToken);
    }

    private static FetchVerdict ToVerdict(ExchangeOutcome outcome) => outcome switch
    {
        ExchangeOutcome.Timeout => FetchVerdict.Timeout,
        ExchangeOutcome.Unsupported => FetchVerdict.Unsupported,
        ExchangeOutcome.TooLarge => FetchVerdict.Malformed,
        ExchangeOutcome.Ok or ExchangeOutcome.Cancelled => FetchVerdict.OurFault,

        // A stream that could not be opened met a limit of ours or of the peer: it says nothing of the height.
        ExchangeOutcome.OpenFailed => FetchVerdict.RateLimited,
        _ => FetchVerdict.Failed,
    };
}
