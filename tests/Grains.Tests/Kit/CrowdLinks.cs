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
    Crowd crowd, IGrainFactory grains, IByteBudget budget, Verifier verifier, FetchReports reports) : IPeerLinks, IDisposable
{
    private readonly ConcurrentDictionary<PeerKey, ScriptedPeer> _connected = new();
    private readonly ConcurrentDictionary<(PeerKey Peer, ulong ChainId, string RangeId), (long Generation, CancellationTokenSource Source)> _tokens = new();
    private readonly ConcurrentDictionary<(PeerKey Peer, RangeKey Range, ulong RequestId), CancellationTokenSource> _requests = new();
    private readonly CancellationTokenSource _stopping = new();

    public void Connect(PeerKey peer, IReadOnlyList<string> addresses)
    {
        crowd.NoteLink(peer, "connect");
        if (crowd.Find(peer) is not { } scripted) return;
        if (scripted.IsReachable) _connected[peer] = scripted;
        Tell(peer);
    }

    public void Disconnect(PeerKey peer, string reason)
    {
        crowd.NoteLink(peer, reason);
        _connected.TryRemove(peer, out _);
        foreach (var ((whose, _, _), (_, source)) in _tokens)
        {
            if (whose == peer) source.Cancel();
        }
    }

    public void Fetch(PeerKey peer, RangeKey range, IReadOnlyList<AskItem> items)
    {
        foreach (AskItem item in items)
        {
            if (_connected.TryGetValue(peer, out ScriptedPeer? scripted))
            {
                CancellationTokenSource request = CancellationTokenSource.CreateLinkedTokenSource(TokenOf(peer, range));
                _requests[(peer, range, item.RequestId)] = request;
                scripted.Count(1);
                Outside.Run(() => FetchAsync(peer, scripted, range, item, request.Token));
                continue;
            }

            reports.Ended(peer, range, item, FetchVerdict.OurFault, 0, TimeSpan.Zero);
        }
    }

    public int CountOpen(PeerKey peer) => crowd.Find(peer)?.Open ?? 0;

    public void Cancel(PeerKey peer, RangeKey range)
    {
        var key = (peer, range.ChainId, range.RangeId);
        if (_tokens.TryGetValue(key, out var known) && known.Generation <= range.Generation && _tokens.TryRemove(key, out _)) known.Source.Cancel();
    }

    public void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds)
    {
        foreach (ulong id in requestIds)
        {
            if (_requests.TryRemove((peer, range, id), out CancellationTokenSource? request)) request.Cancel();
        }
    }

    /// <summary>The connection breaks, as if the peer had gone.</summary>
    public void Lose(PeerKey peer)
    {
        _connected.TryRemove(peer, out _);
        Tell(peer);
    }

    /// <summary>What the link knows changed.</summary>
    public void Tell(PeerKey peer) => Outside.Run(() => TellAsync(peer));

    public void Dispose() => _stopping.Cancel();

    private async Task TellAsync(PeerKey peer)
    {
        ulong[]? chains = crowd.Find(peer)?.Chains;
        bool connected = _connected.ContainsKey(peer);
        try
        {
            await grains.GetPeer(peer.Value).LinkChanged(
                new LinkState(connected, connected ? "" : "cannot be reached", chains is not null, chains ?? [], "scripted"));
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

    private async Task FetchAsync(PeerKey peer, ScriptedPeer scripted, RangeKey range, AskItem item, CancellationToken token)
    {
        ReadReservation reservation = new(budget, item, new PeerLinkOptions());
        FetchVerdict verdict = FetchVerdict.OurFault;
        try
        {
            await reservation.ExtendAsync(item.SizeExpected, token);
            crowd.NoteAsk(new Asked(peer.Value, range, item.Number));
            PeerAnswer answer = await scripted.AnswerAsync(item.Number, token);
            if (answer.Bytes is { } bytes)
            {
                if (bytes.Length > item.SizeExpected) await reservation.ExtendAsync(bytes.Length - item.SizeExpected, token);
                byte[] buffer = ArrayPool<byte>.Shared.Rent(bytes.Length);
                bytes.CopyTo(buffer, 0);
                PooledResponse response = new(buffer, bytes.Length);
                await verifier.SubmitAsync(new FetchedResponse(peer, range, item, response, reservation.Taken, TimeSpan.Zero), _stopping.Token);
                return;
            }

            verdict = answer.Failure;
        }
        catch (OperationCanceledException)
        {
            // The range or the silo gave the request up.
        }
        finally
        {
            _requests.TryRemove((peer, range, item.RequestId), out _);
            scripted.Count(-1);
        }

        reservation.ReturnAll();
        reports.Ended(peer, range, item, verdict, 0, TimeSpan.Zero);
    }
}
