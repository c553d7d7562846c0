using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Codec.Bulk;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>The silo's connections to the peers it asks, and the requests open on them.</summary>
internal sealed class PeerLinks(
    SwarmHolder swarm, ChainRegistry chains, IGrainFactory grains, Exclusions exclusions, PeerEpochs epochs, OwnPeers own, Fetcher fetcher, FetchReports reports,
    IOptions<PeerLinkOptions> options, TimeProvider time, ILogger<PeerLinks> log) : IPeerLinks, ISwarmObserver
{
    /// <summary>Who speaks a protocol of this family, or says so, is another OpSync.</summary>
    private const string OwnProtocols = "/opsync/", OwnAgent = "opsync/";

    /// <summary>Peers without a link whose protocols are remembered while they are connected: they may get one. More are not.</summary>
    internal const int ToldMax = 4_096;

    private readonly ConcurrentDictionary<PeerKey, PeerLink> _links = new();
    private readonly ConcurrentDictionary<PeerId, IdentifyInfo> _told = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly AskedHeights _asked = new();
    private volatile bool _closing;

    /// <inheritdoc/>
    public void Connect(PeerKey peer, IReadOnlyList<string> addresses, long epoch)
    {
        if (!epochs.Hear(peer, epoch) || !PeerId.TryParse(peer.Value, out PeerId? id)) return;
        PeerLink link = _links.GetOrAdd(
            peer, key => new PeerLink(key, id, swarm, chains, grains, epochs, own, l => Release(l.Key, l.Epoch), options.Value, time, log, _stopping.Token));
        link.Epoch = epoch;
        link.Connect(addresses);
        if (_told.TryRemove(id, out IdentifyInfo? info)) Tell(link, info);
        foreach (IPAddress address in link.KnownAddresses) exclusions.Spare(address);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> KeepOut(PeerKey peer, DateTimeOffset? until, IReadOnlyList<string> knownFrom)
    {
        if (!PeerId.TryParse(peer.Value, out PeerId? id)) return [];
        if (_links.TryRemove(peer, out PeerLink? link)) link.Stop();
        IEnumerable<IPAddress> from = Connections.Where(c => c.Peer == id).Select(c => c.RemoteIp)
            .Concat(knownFrom.Select(text => IPAddress.TryParse(text, out IPAddress? address) ? address : IPAddress.None).Where(a => a != IPAddress.None));
        IReadOnlyList<IPAddress> closed = exclusions.Exclude(id, until, from, WantedAddresses(id).Contains);
        if (swarm.IsReady) swarm.Value.Disconnect(id, "banned");
        return [.. closed.Select(a => a.ToString())];
    }

    /// <inheritdoc/>
    public void Release(PeerKey peer, long epoch)
    {
        if (!_links.TryGetValue(peer, out PeerLink? link) || link.Epoch > epoch || !_links.TryRemove(KeyValuePair.Create(peer, link))) return;
        link.Stop();

        // Should its grain come back while the connection lasts, what the peer told is not told again.
        if (link.Told is { } info && _told.Count < ToldMax && swarm.IsReady && swarm.Value.IsConnected(link.Id)) _told[link.Id] = info;
    }

    /// <inheritdoc/>
    public void Readmit(PeerKey peer)
    {
        if (PeerId.TryParse(peer.Value, out PeerId? id)) exclusions.Readmit(id);
    }

    /// <inheritdoc/>
    public void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items, ReplyTimeout timeout, long epoch)
    {
        if (!epochs.Hear(peer, epoch))
        {
            foreach (AskItem item in items) reports.Ended(peer, range, item, FetchVerdict.OurFault, 0, TimeSpan.Zero);
            return;
        }

        if (_closing)
        {
            // What is above a block that was asked for is asked for all the same: with a hole there, the block could not be linked.
            ILookup<bool, AskItem> wanted = items.ToLookup(i => _asked.IsAbove(range, i.Number));
            foreach (AskItem item in wanted[false]) reports.Ended(peer, range, item, FetchVerdict.NotAsked, 0, TimeSpan.Zero);
            items = [.. wanted[true]];
            if (items.Count == 0) return;
        }

        PeerLink? link = _links.GetValueOrDefault(peer);
        link?.Count(items.Count);
        if (link is null)
        {
            foreach (AskItem item in items) reports.Ended(peer, range, item, FetchVerdict.NotAsked, 0, TimeSpan.Zero);
            return;
        }

        foreach (AskItem item in items) _asked.Add(range, item.Number);

        // Begun here: a cancel that follows this call must find the requests, even if nothing of them has happened yet.
        CancellationToken token = link.TokenOf(range);
        if (!link.GivesSpans(range.ChainId))
        {
            foreach (AskItem item in items) Start(item);
            return;
        }

        foreach (ArraySegment<AskItem> span in SpanPlan.Cut(items, options.Value))
        {
            if (span.Count == 1) Start(span[0]);
            else fetcher.StartSpan(link, range, [.. span], timeout, token);
        }

        void Start(AskItem item) => fetcher.Start(link, range, item, timeout, CancellationTokenSource.CreateLinkedTokenSource(token));
    }

    /// <summary>What ends the requests of a range at a peer; ended where there is no link.</summary>
    public CancellationToken TokenOf(PeerKey peer, RangeKey range) =>
        _links.TryGetValue(peer, out PeerLink? link) ? link.TokenOf(range) : new CancellationToken(canceled: true);

    /// <inheritdoc/>
    public int CountOpen(PeerKey peer) => _links.TryGetValue(peer, out PeerLink? link) ? link.Open : 0;

    /// <inheritdoc/>
    public void Cancel(PeerKey peer, RangeKey range)
    {
        _asked.Remove(range);
        if (_links.TryGetValue(peer, out PeerLink? link)) link.Cancel(range);
    }

    /// <inheritdoc/>
    public void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds) => fetcher.Cancel(peer, range, requestIds);

    /// <inheritdoc/>
    public void Connected(ConnectionInfo connection) => Find(connection.Peer)?.Changed();

    /// <inheritdoc/>
    public void Disconnected(ConnectionInfo connection, string reason)
    {
        if (IsGone(connection.Peer)) _told.TryRemove(connection.Peer, out _);
        Find(connection.Peer)?.Lost(reason);
    }

    /// <inheritdoc/>
    public void Identified(PeerId peer, IdentifyInfo info)
    {
        if (Find(peer) is { } link)
        {
            Tell(link, info);
            return;
        }

        if (_told.Count >= ToldMax) return;
        _told[peer] = info;

        // Its link may have been made meanwhile, without this; or its connection has ended, and nothing else would take the news away.
        if (Find(peer) is { } late && _told.TryRemove(peer, out _)) Tell(late, info);
        else if (IsGone(peer)) _told.TryRemove(peer, out _);
    }

    /// <summary>Asks for no blocks below those that were asked for.</summary>
    public void Close() => _closing = true;

    /// <summary>IP addresses of the peers that are wanted here, one left out.</summary>
    public HashSet<IPAddress> WantedAddresses(PeerId except) =>
    [
        .. Connections.Where(c => c.Peer != except && Find(c.Peer) is not null).Select(c => c.RemoteIp),
        .. _links.Values.Where(l => l.Id != except).SelectMany(l => l.KnownAddresses),
    ];

    /// <summary>Stops dialling and ends every request, for good.</summary>
    public void Stop()
    {
        _stopping.Cancel();
        foreach (PeerLink link in _links.Values) link.Stop();
    }

    private IReadOnlyList<ConnectionInfo> Connections => swarm.IsReady ? swarm.Value.Connections : [];

    private bool IsGone(PeerId peer) => swarm.IsReady && !swarm.Value.IsConnected(peer);

    private void Tell(PeerLink link, IdentifyInfo info)
    {
        link.Told = info;
        HashSet<string> spoken = [.. info.Protocols];
        link.Identified(
            [.. chains.Chains.Where(c => c.Protocols.Any(spoken.Contains)).Select(c => c.Spec.ChainId)],
            [.. chains.ChainIds.Where(c => spoken.Contains(BulkProtocols.Headers(c)))],
            [.. chains.ChainIds.Where(c => spoken.Contains(BulkProtocols.Payloads(c)))],
            info.AgentVersion is { Length: > 64 } agent ? agent[..64] : info.AgentVersion,
            info.AgentVersion.StartsWith(OwnAgent, StringComparison.Ordinal) || spoken.Any(p => p.StartsWith(OwnProtocols, StringComparison.Ordinal)));
    }

    private PeerLink? Find(PeerId peer) => _links.GetValueOrDefault(new PeerKey(peer.ToString()));
}
