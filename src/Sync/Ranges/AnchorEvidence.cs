using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Ranges;

/// <summary>Who named which other hash at the anchor's height, until it is decided who is wrong: they or the anchor.</summary>
internal sealed class AnchorEvidence
{
    /// <summary>Different hashes remembered. Of more, the one that fewest named gives way: peers who invent one each cannot keep those
    /// who agree from being heard.</summary>
    public const int HashesMax = 256;

    /// <summary>Senders remembered per hash.</summary>
    public const int SendersMax = 64;

    private readonly List<(Hash32 Hash, List<PeerKey> Senders)> _answers = [];

    /// <summary>True if anybody disagreed.</summary>
    public bool Any => _answers.Count > 0;

    /// <summary>Time of the first disagreement.</summary>
    public TimeSpan Since { get; private set; }

    /// <summary>The answers, for charging.</summary>
    public IReadOnlyList<(Hash32 Hash, List<PeerKey> Senders)> Answers => _answers;

    /// <summary>Records an answer. A peer has one voice: what it says last.</summary>
    public void Add(Hash32 hash, PeerKey peer, TimeSpan now)
    {
        if (!Any) Since = now;
        int said = _answers.FindIndex(a => a.Senders.Contains(peer));
        if (said >= 0 && _answers[said].Hash == hash) return;
        if (said >= 0)
        {
            _answers[said].Senders.Remove(peer);
            if (_answers[said].Senders.Count == 0) _answers.RemoveAt(said);
        }

        int known = _answers.FindIndex(a => a.Hash == hash);
        if (known >= 0)
        {
            if (_answers[known].Senders.Count < SendersMax) _answers[known].Senders.Add(peer);
            return;
        }

        if (_answers.Count == HashesMax) _answers.Remove(_answers.MinBy(static a => a.Senders.Count));
        _answers.Add((hash, [peer]));
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
