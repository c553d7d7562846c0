using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>Who named which other hash at the anchor's height, until it is decided who is wrong: they or the anchor.</summary>
internal sealed class AnchorEvidence
{
    /// <summary>Different hashes remembered; more of them cannot be an agreement of honest peers.</summary>
    public const int HashesMax = 4;

    /// <summary>Senders remembered per hash.</summary>
    public const int SendersMax = 64;

    private readonly List<(Hash32 Hash, List<PeerKey> Senders)> _answers = [];

    /// <summary>True if anybody disagreed.</summary>
    public bool Any => _answers.Count > 0;

    /// <summary>Time of the first disagreement.</summary>
    public TimeSpan Since { get; private set; }

    /// <summary>The answers, for charging.</summary>
    public IReadOnlyList<(Hash32 Hash, List<PeerKey> Senders)> Answers => _answers;

    /// <summary>Records an answer; the same one of the same peer counts once.</summary>
    public void Add(Hash32 hash, PeerKey peer, TimeSpan now)
    {
        if (!Any) Since = now;
        foreach ((Hash32 known, List<PeerKey> senders) in _answers)
        {
            if (known != hash) continue;
            if (senders.Count < SendersMax && !senders.Contains(peer)) senders.Add(peer);
            return;
        }

        if (_answers.Count < HashesMax) _answers.Add((hash, [peer]));
    }

    /// <summary>The hash most peers named.</summary>
    public (Hash32 Hash, List<PeerKey> Senders) Strongest()
    {
        (Hash32 Hash, List<PeerKey> Senders) best = _answers[0];
        foreach ((Hash32 Hash, List<PeerKey> Senders) answer in _answers)
        {
            if (answer.Senders.Count > best.Senders.Count) best = answer;
        }

        return best;
    }

    /// <summary>True if the peer named a hash that is remembered.</summary>
    public bool IsOf(PeerKey peer) => _answers.Exists(a => a.Senders.Contains(peer));

    /// <summary>Forgets everything.</summary>
    public void Clear() => _answers.Clear();
}
