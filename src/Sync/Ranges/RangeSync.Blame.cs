using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

// Who is wrong: peers, or the anchor. And what follows from it for what else they sent.
public sealed partial class RangeSync
{
    private readonly List<int> _liars = [];
    private IReadOnlyList<PeerKey> _awaited = [];
    private long _mismatchDepth = -1;
    private Hash32 _mismatchHash;

    /// <summary>A candidate proved wrong.</summary>
    private void Refute(long depth, in Candidate candidate, Hash32 trusted)
    {
        BlockId id = new(HeightAt(depth), candidate.Hash);
        _held--;
        _heldBytes -= candidate.Size;
        _out.Reject.Add(id);
        if (depth == _cursor)
        {
            _mismatchDepth = _cursor;
            _mismatchHash = candidate.Hash;
        }

        Condemn(candidate.Sender, id, trusted);
        for (int i = 0; i < candidate.OtherSenders?.Count; i++) Condemn(candidate.OtherSenders[i], id, trusted);
    }

    private void Condemn(PeerKey peer, BlockId sent, Hash32 trusted)
    {
        // A caller may be wrong: nobody is charged on his word, but what follows from it is of no use to him, and fills the window.
        Charge charge = new(peer, FetchOutcome.HashMismatch, sent, trusted);
        if (IsChainRank && _charged.TryAdd(charge)) _out.Charge.Add(charge);
        if (!_peers.TryFind(peer, out int number) || IsLiar(number)) return;
        _peers[number].LiarUntil = After(_now, IsChainRank ? _options.LiarRest : _options.DoubterRest);
        _peers.Rest(number, _peers[number].LiarUntil, RefusalReason.Resting);
        _liars.Add(number);
    }

    private bool IsLiar(int peer) => _peers[peer].LiarUntil > _now;

    /// <summary>What else a liar sent is worth nothing any more, and what it was asked for is better asked elsewhere: so all its holes
    /// are filled at once, and not each when the cursor comes there. Once per liar and rest.</summary>
    private void IsolateLiars()
    {
        foreach (int liar in _liars)
        {
            for (int place = _flights.Oldest, next; place >= 0; place = next)
            {
                next = _flights[place].Newer;
                if (_flights[place].PeerIndex == liar) CancelFlight(place);
            }

            PeerKey key = _peers[liar].Key;
            for (long depth = Math.Max(_cursor, _window.Base); depth < _window.Next; depth++)
            {
                if (_window[depth].State == SlotState.Held) DropWordOf(key, depth);
            }
        }

        _liars.Clear();
    }

    /// <summary>Drops the candidates of a height that nobody else sent. They are not proven wrong: no charge.</summary>
    private void DropWordOf(PeerKey liar, long depth)
    {
        ref Slot slot = ref _window[depth];
        ulong height = HeightAt(depth);
        for (int i = (slot.Others?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (!slot.Others![i].IsWordOf(liar)) continue;
            Drop(height, slot.Others[i]);
            slot.Others.RemoveAt(i);
        }

        if (!slot.First.IsWordOf(liar)) return;
        if (slot.Others is not { Count: > 0 } others)
        {
            DropCandidates(depth);
            UpdateWanted(depth);
            return;
        }

        Drop(height, in slot.First);
        slot.First = others[0];
        others.RemoveAt(0);
    }

    /// <summary>Decides, once somebody disagreed with the anchor, whether the anchor is at fault.</summary>
    private void JudgeAnchor()
    {
        if (_cursor > 0 || !_evidence.Any || !_window.Contains(0)) return;
        (Hash32 hash, List<PeerKey> senders) = _evidence.Strongest();
        bool allHeard = !AnyUnheard();
        bool waited = _now >= After(_evidence.Since, allHeard ? _options.AnchorMismatchPatience : _options.AnchorSilencePatience);
        bool allAsked = _window[0].Flights == 0 && !AnyBesides(_window.Tried(0));

        // At once only if all who are known agree. Who failed, rests, is busy or is not connected yet has the time to be heard.
        bool agreed = senders.Count >= 2 && (waited || (allAsked && allHeard && senders.Count == _peers.Count));

        // The word of one peer decides only if nobody at all says anything else, and who failed was asked again.
        bool alone = _evidence.Answers.Count == 1 && allAsked && waited && _window[0].Rounds > 0;
        if (!agreed && !alone) return;
        string who = string.Join(", ", senders.Take(NamesMax));
        _endText = $"The anchor {_top} is {_target.Anchor.Hash}, but {(senders.Count == 1 ? "the only peer that has the block has" : $"{senders.Count} of the peers asked have")} {hash}: {who}.";
        Contradict(new Contradiction(_top, _target.Anchor.Hash, hash, who));
        Finish(RangeResult.AnchorMismatch);
    }

    /// <summary>True if somebody who is known has said nothing of the anchor's height: neither a hash nor that it lacks the block.</summary>
    private bool AnyUnheard()
    {
        ReadOnlySpan<ulong> lacking = _window.Lacking(0);
        foreach (ref readonly PeerEntry peer in _peers.Known)
        {
            if (!peer.IsPresent || peer.IsUnsupported || _evidence.IsOf(peer.Key)) continue;
            if (!_peers.TryFind(peer.Key, out int number) || (lacking[number >> 6] >> (number & 63) & 1) == 0) return true;
        }

        foreach (PeerKey awaited in _awaited)
        {
            if (_evidence.IsOf(awaited)) continue;
            if (!_peers.TryFind(awaited, out int number) || (!_peers[number].IsUnsupported && (lacking[number >> 6] >> (number & 63) & 1) == 0)) return true;
        }

        return false;
    }

    /// <summary>The anchor's hash was seen: who named another at its height lied.</summary>
    private void ConvictAnchorLiars()
    {
        foreach ((Hash32 hash, List<PeerKey> senders) in _evidence.Answers)
        {
            foreach (PeerKey sender in senders) Condemn(sender, new BlockId(_top, hash), _target.Anchor.Hash);
        }

        _evidence.Clear();
    }
}
