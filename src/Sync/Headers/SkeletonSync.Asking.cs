using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

// Whom to ask for which piece, and what becomes of the answers.
public sealed partial class SkeletonSync
{
    /// <summary>Doublings of <see cref="SkeletonOptions.NobodyHasRetry"/>: to eight times.</summary>
    private const int BackoffStepsMax = 3;

    /// <summary>Rest of a peer that refused for its rate and did not say how long.</summary>
    private static readonly TimeSpan RateLimitedRest = TimeSpan.FromSeconds(1);

    /// <summary>Least rest of a peer that refused, so that a refusal without a time does not become a loop.</summary>
    private static readonly TimeSpan RestMin = TimeSpan.FromMilliseconds(50);

    /// <summary>An answer with less than this part of what was asked, though there is more, is a crumb,</summary>
    private const int CrumbPart = 32;

    /// <summary>and its sender rests for so long: who cuts everything up is asked a few times a second, however quick it is.</summary>
    private static readonly TimeSpan CrumbRest = TimeSpan.FromMilliseconds(250);

    /// <summary>No request to anybody after one failed for lack of our own memory.</summary>
    private static readonly TimeSpan OurFaultRest = TimeSpan.FromMilliseconds(250);

    private readonly HeaderSources _sources;
    private readonly Dictionary<ulong, Request> _requests = [];
    private ulong _requestId;
    private TimeSpan _ourFaultUntil = TimeSpan.MinValue;

    private void OnReply(HeaderReply reply)
    {
        if ((reply.Outcome == FetchOutcome.Good) != reply.Run is not null || reply.Run is { Hashes.Count: 0 })
            throw new ArgumentException($"A reply of {reply.Outcome} contradicts itself.", nameof(reply));
        if (!_requests.TryGetValue(reply.RequestId, out Request? request) || request.Peer != reply.Peer) return;
        TimeSpan? perHeader = reply.Run is { } measured ? (_now - request.AskedAt) / measured.Hashes.Count : null;
        Close(reply.RequestId, request, perHeader);
        Segment segment = request.Segment;
        bool isPart = _segments.Contains(segment);
        switch (reply.Outcome)
        {
            case FetchOutcome.Good:
                if (isPart && segment.Run is null) Take(segment, request, reply.Run!);
                if (reply.Run is { HasMore: true } run && run.Hashes.Count < request.Count / CrumbPart) _sources.Rest(reply.Peer, After(_now, CrumbRest));
                break;
            case FetchOutcome.RateLimited:
                break;
            case FetchOutcome.OurFault:
                _ourFaultUntil = After(_now, OurFaultRest);
                break;
            case FetchOutcome.Malformed or FetchOutcome.HashMismatch:
                DropSource(reply.Peer);
                segment.Tried.Add(reply.Peer);
                break;
            case FetchOutcome.NotFound:
                segment.Tried.Add(reply.Peer);
                break;
            default:
                segment.Tried.Add(reply.Peer);
                _sources.Rest(reply.Peer, After(_now, _options.FailureRest));
                break;
        }

        TimeSpan rest = reply.RetryAfter > RestMin ? reply.RetryAfter
            : reply.RetryAfter > TimeSpan.Zero ? RestMin
            : reply.Outcome == FetchOutcome.RateLimited ? RateLimitedRest
            : TimeSpan.Zero;
        if (rest > TimeSpan.Zero) _sources.Rest(reply.Peer, After(_now, rest));
    }

    /// <summary>Headers arrived for a piece that lacks them. Fewer than asked for cut it in two.</summary>
    private void Take(Segment segment, Request request, HeaderRun run)
    {
        // The range went on meanwhile.
        if (segment.From - request.From is > 0 and var passed)
        {
            if (run.Hashes.Count <= passed) return;
            run = run with { Hashes = [.. run.Hashes.Skip((int)passed)] };
        }

        if (run.Hashes.Count > segment.Count)
            run = new HeaderRun([.. run.Hashes.Take(segment.Count)], run.Hashes[segment.Count], run.HasMore);
        Hash32? trusted = TrustedAt(segment.From);
        if (run.Hashes.Count < segment.Count)
        {
            // Crumbs are taken only where they are used up at once.
            if (trusted is null && _segments.Count >= _options.SegmentsMax)
            {
                segment.Tried.Add(request.Peer);
                return;
            }

            Segment rest = new(segment.From + run.Hashes.Count, segment.To);
            if (!run.HasMore) rest.Tried.Add(request.Peer);
            segment.To = rest.From;
            _segments.Insert(_segments.IndexOf(segment) + 1, rest);
        }

        segment.Run = run;
        segment.Owner = request.Peer;
        if (trusted is not { } hash || segment.From == _tail) return;   // the tail is linked, or refuted, by the step itself
        if (run.Hashes[0] != hash)
        {
            Discard(segment, hash);
            return;
        }

        segment.IsVerified = true;
        Publish(segment, run);
        Mark(segment.To, run.BottomParent);

        // Published: of the hashes only the first is needed again, when the tail comes by.
        segment.Run = new HeaderRun([hash], run.BottomParent, run.HasMore);
    }

    /// <summary>The hash that a depth must have, if it is known.</summary>
    private Hash32? TrustedAt(long depth) => depth == _tail ? _tailHash : _marks.TryGetValue(depth, out Hash32 hash) ? hash : null;

    private void Close(ulong id, Request request, TimeSpan? perHeader)
    {
        _requests.Remove(id);
        request.Segment.Open--;
        _sources.Ended(request.Peer, perHeader);
    }

    private void OnSources(IReadOnlyList<PeerKey> peers)
    {
        bool gained = _sources.Set(peers);
        foreach ((ulong id, Request request) in _requests.ToArray())
        {
            if (!_sources.IsPresent(request.Peer)) Close(id, request, null);
        }

        // Newcomers may have what nobody had.
        if (!gained) return;
        foreach (Segment segment in _segments) segment.Due = _now;
    }

    private void Expire()
    {
        foreach ((ulong id, Request request) in _requests.ToArray())
        {
            if (After(request.AskedAt, _options.ReplyLost) > _now) continue;
            Close(id, request, null);
            request.Segment.Tried.Add(request.Peer);
        }
    }

    /// <summary>Cuts the window into pieces as it moves down: at stored blocks, and else on a grid of batches below the anchor, so that
    /// after a restart the same pieces come out and begin at the marks.</summary>
    private void Plan()
    {
        _planned = Math.Max(_planned, _tail);
        long limit = Math.Min(_end, _cursor + _options.AheadMax);
        while (_planned < limit && _segments.Count < _options.SegmentsMax)
        {
            int island = _islands.FindIndex(i => DepthOf(i.Range.Last) >= _planned);
            if (island >= 0 && DepthOf(_islands[island].Range.Last) == _planned)
            {
                ulong first = _islands[island].Range.First;
                _planned = first <= HeightAt(_end) ? _end : DepthOf(first) + 1;
                continue;
            }

            long to = PieceEnd(_planned);
            if (island >= 0) to = Math.Min(to, DepthOf(_islands[island].Range.Last));
            if (to > limit) return;
            _segments.Add(new Segment(_planned, to));
            _planned = to;
        }
    }

    private long PieceEnd(long from) => Math.Min(_end, ((from / _options.BatchMax) + 1) * _options.BatchMax);

    private void AskSources()
    {
        if (_now < _ourFaultUntil) return;
        foreach (Segment segment in _segments)
        {
            bool isTail = segment.From == _tail;
            bool isLate = isTail && segment is { Run: null, Open: 1 } && After(segment.AskedAt, _options.TailPatience) <= _now;
            if ((!segment.IsWanted && !isLate) || segment.Due > _now) continue;
            if (isLate) segment.Tried.Add(segment.Asker);
            if (_sources.Pick(segment, _now, quickest: isTail) is { } source)
            {
                Send(segment, source);
            }
            else if (segment.Open == 0 && _sources.Count > 0 && !_sources.AnyLeft(segment))
            {
                segment.Due = After(_now, _options.NobodyHasRetry * (1 << segment.Rounds));
                if (segment.Rounds < BackoffStepsMax) segment.Rounds++;
                segment.Tried.Clear();
            }
        }
    }

    private void Send(Segment segment, HeaderSources.Source source)
    {
        Request request = new(segment, segment.From, segment.Count, source.Peer, _now);
        _requests[++_requestId] = request;
        source.InFlight++;
        segment.Open++;
        (segment.Asker, segment.AskedAt) = (source.Peer, _now);
        _out.Ask.Add(new HeaderAsk(_requestId, source.Peer, HeightAt(segment.From), TrustedAt(segment.From), segment.Count));
    }

    private TimeSpan NextDue()
    {
        TimeSpan due = _sources.NextRestEnd(_now);
        foreach (Request request in _requests.Values) due = Min(due, After(request.AskedAt, _options.ReplyLost));
        if (_segments.Count > 0 && _segments[0] is { Open: 1, Run: null } tail && _now < After(tail.AskedAt, _options.TailPatience))
            due = Min(due, After(tail.AskedAt, _options.TailPatience));
        if (_ourFaultUntil > _now) due = Min(due, _ourFaultUntil);
        foreach (Segment segment in _segments)
        {
            if (segment.IsWanted && segment.Due > _now) due = Min(due, segment.Due);
        }

        return due;
    }

    private sealed record Request(Segment Segment, long From, int Count, PeerKey Peer, TimeSpan AskedAt);
}
