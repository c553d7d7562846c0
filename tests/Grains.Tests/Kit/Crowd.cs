using System.Collections.Concurrent;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Grains.Tests.Kit;

/// <summary>One request as a peer saw it.</summary>
internal readonly record struct Asked(string Peer, RangeKey Range, ulong Number);

/// <summary>The peers there are, and what was asked of them. Outlives the silo.</summary>
internal sealed class Crowd
{
    private readonly ConcurrentDictionary<string, ScriptedPeer> _peers = new();
    private readonly ConcurrentQueue<Asked> _asked = new();
    private readonly ConcurrentQueue<(string Peer, ulong First, int Count)> _spans = new();
    private readonly ConcurrentQueue<(string Peer, string What)> _links = new();

    /// <summary>Everything asked so far, in order.</summary>
    public Asked[] Log => [.. _asked];

    /// <summary>Spans asked for so far: whom, from which height, how many.</summary>
    public (string Peer, ulong First, int Count)[] Spans => [.. _spans];

    /// <summary>Connects and disconnects so far, in order.</summary>
    public (string Peer, string What)[] Links => [.. _links];

    public void Add(ScriptedPeer peer) => _peers[peer.Id] = peer;

    public ScriptedPeer? Find(PeerKey peer) => _peers.GetValueOrDefault(peer.Value);

    public void NoteAsk(Asked asked) => _asked.Enqueue(asked);

    public void NoteSpan(string peer, ulong first, int count) => _spans.Enqueue((peer, first, count));

    public void NoteLink(PeerKey peer, string what) => _links.Enqueue((peer.Value, what));

    /// <summary>Heights asked for more than once, of anybody, with who asked whom.</summary>
    public string[] AskedTwice() =>
    [
        .. Log.GroupBy(a => a.Number).Where(g => g.Count() > 1).OrderBy(g => g.Key)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(a => $"{a.Peer} by {a.Range.RangeId[^4..]}/{a.Range.Generation}"))}"),
    ];

    public IEnumerable<Asked> AskedOf(string peer) => Log.Where(a => a.Peer == peer);
}
