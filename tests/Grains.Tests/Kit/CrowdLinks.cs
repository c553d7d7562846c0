using System.Buffers;
using System.Collections.Concurrent;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Connections of one life of a silo to the crowd. Does with answers what the silo's own links do, without a network.</summary>
internal sealed class CrowdLinks(
    Crowd crowd, IGrainFactory grains, Fetcher fetcher, FetchReports reports, TimeProvider time) : IPeerLinks, IDisposable
{
    private readonly ConcurrentDictionary<PeerKey, ScriptedPeer> _connected = new();
    private readonly ConcurrentDictionary<(PeerKey Peer, ulong ChainId, string RangeId), (long Generation, CancellationTokenSource Source)> _tokens = new();
    private readonly PeerEpochs _epochs = new();
    private readonly CancellationTokenSource _stopping = new();

    public void Connect(PeerKey peer, IReadOnlyList<string> addresses, long epoch)
    {
        if (!_epochs.Hear(peer, epoch)) return;
        crowd.NoteLink(peer, "connect");
        if (crowd.Find(peer) is not { } scripted) return;
        if (scripted.IsReachable) _connected[peer] = scripted;
        Tell(peer);
    }

    public IReadOnlyList<string> KeepOut(PeerKey peer, DateTimeOffset? until, IReadOnlyList<string> knownFrom)
    {
        crowd.NoteLink(peer, "banned");
        _connected.TryRemove(peer, out _);
        EndRequests(peer);
        return [.. knownFrom.Append("192.0.2.1").Distinct()];
    }

    public void Release(PeerKey peer, long epoch)
    {
        if (_epochs.Of(peer) <= epoch) EndRequests(peer);
    }

    public void Readmit(PeerKey peer) => crowd.NoteLink(peer, "readmitted");

    public void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items, ReplyTimeout timeout, long epoch)
    {
        if (!_epochs.Hear(peer, epoch) || !_connected.TryGetValue(peer, out ScriptedPeer? scripted))
        {
            foreach (AskItem item in items) reports.Ended(peer, range, item, FetchVerdict.OurFault, 0, TimeSpan.Zero);
            return;
        }

        scripted.Count(items.Count);
        CancellationToken token = TokenOf(peer, range);
        foreach (AskItem[] some in scripted.Spans is null ? items.Select(i => new[] { i }) : SpanPlan.Cut(items, new PeerLinkOptions()).Select(s => s.ToArray()))
        {
            Source source = new(crowd, scripted, time);
            if (some.Length > 1) fetcher.StartSpan(source, range, some, timeout, token);
            else fetcher.Start(source, range, some[0], timeout, CancellationTokenSource.CreateLinkedTokenSource(token));
        }
    }

    public int CountOpen(PeerKey peer) => crowd.Find(peer)?.Open ?? 0;

    public void Cancel(PeerKey peer, RangeKey range)
    {
        var key = (peer, range.ChainId, range.RangeId);
        if (_tokens.TryGetValue(key, out var known) && known.Generation <= range.Generation && _tokens.TryRemove(key, out _)) known.Source.Cancel();
    }

    public void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds) => fetcher.Cancel(peer, range, requestIds);

    /// <summary>The connection breaks, as if the peer had gone.</summary>
    public void Lose(PeerKey peer)
    {
        _connected.TryRemove(peer, out _);
        Tell(peer);
    }

    /// <summary>What the link knows changed.</summary>
    public void Tell(PeerKey peer) => Outside.Run(() => TellAsync(peer));

    public void Dispose() => _stopping.Cancel();

    private void EndRequests(PeerKey peer)
    {
        foreach (var (key, (_, source)) in _tokens)
        {
            if (key.Peer == peer && _tokens.TryRemove(key, out _)) source.Cancel();
        }
    }

    private async Task TellAsync(PeerKey peer)
    {
        ulong[]? chains = crowd.Find(peer)?.Chains;
        bool headers = crowd.Find(peer)?.Headers is not null;
        bool connected = _connected.ContainsKey(peer);
        try
        {
            await grains.GetPeer(peer.Value).LinkChanged(
                new LinkState(connected, connected ? "" : "cannot be reached", chains is not null, chains ?? [], "scripted", HeaderChains: headers ? [TestChain.Id] : null), _epochs.Of(peer));
        }
        catch (OrleansException)
        {
            // The silo was killed meanwhile.
        }
    }

    private CancellationToken TokenOf(PeerKey peer, RangeKey range)
    {
        (long Generation, CancellationTokenSource Source) mine = _tokens.AddOrUpdate(
            (peer, range.ChainId, range.RangeId),
            _ => (range.Generation, CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token)),
            (_, known) => known.Generation >= range.Generation
                ? known
                : (range.Generation, CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token)));
        return mine.Generation == range.Generation ? mine.Source.Token : new CancellationToken(canceled: true);
    }

    /// <summary>A scripted peer in place of a connection.</summary>
    private sealed class Source(Crowd crowd, ScriptedPeer scripted, TimeProvider time) : IFetchSource
    {
        public PeerKey Key => new(scripted.Id);

        public async ValueTask<ExchangeResult> RequestAsync(RangeKey range, AskItem item, ReadReservation reservation, CancellationToken cancellationToken)
        {
            long started = time.GetTimestamp();
            crowd.NoteAsk(new Asked(scripted.Id, range, item.Number));
            try
            {
                PeerAnswer answer = await scripted.AnswerAsync(item.Number, cancellationToken);
                if (answer.Bytes is not { } bytes) return new ExchangeResult(ToOutcome(answer.Failure), null, null);
                if (bytes.Length > item.SizeExpected) await reservation.ExtendAsync(bytes.Length - item.SizeExpected, cancellationToken);
                byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
                bytes.CopyTo(buffer, 0);
                return new ExchangeResult(ExchangeOutcome.Ok, new PooledResponse(buffer, bytes.Length, isPooled: true), "scripted")
                {
                    Elapsed = time.GetElapsedTime(started),
                };
            }
            catch (OperationCanceledException)
            {
                return new ExchangeResult(ExchangeOutcome.Cancelled, null, null);
            }
        }

        public ISpanAnswer RequestSpan(RangeKey range, ulong first, int count, int bytesMax, ReadReservation reservation, CancellationToken cancellationToken)
        {
            crowd.NoteSpan(scripted.Id, first, count);
            return new CrowdSpan(crowd, scripted, range, first, reservation, time, cancellationToken);
        }

        public void Count(int change) => scripted.Count(change);

        public bool TryBeginLate() => scripted.TryBeginLate();

        public void EndLate() => scripted.EndLate();

        private static ExchangeOutcome ToOutcome(FetchVerdict failure) => failure switch
        {
            FetchVerdict.Timeout => ExchangeOutcome.Timeout,
            FetchVerdict.RateLimited => ExchangeOutcome.OpenFailed,
            FetchVerdict.Unsupported => ExchangeOutcome.Unsupported,
            FetchVerdict.OurFault => ExchangeOutcome.Cancelled,
            _ => ExchangeOutcome.Reset,
        };
    }
}
