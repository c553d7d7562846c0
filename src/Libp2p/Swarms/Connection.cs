using System.Collections.Frozen;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>One connection: its muxer, and what its peer is known to speak.</summary>
internal sealed class Connection(ConnectionInfo info, YamuxSession session, TimeProvider time)
{
    /// <summary>Protocols remembered of one peer.</summary>
    private const int SpokenMax = 256;

    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private FrozenSet<string> _spoken = [];
    private string? _closeReason;
    private long _usedAt = time.GetTimestamp();
    private int _uses;
    private TokenMeter _pushes = new(burst: 8, perSecond: 1, time);
    private TokenMeter _questions = new(burst: 8, perSecond: 1, time);

    public ConnectionInfo Info => info;

    public YamuxSession Session => session;

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Whether it takes a place in the table. Belongs to the table's lock.</summary>
    public bool IsCounted { get; set; } = true;

    /// <summary>Time since it was last of use to one of the two sides; what only keeps it alive does not count.</summary>
    public TimeSpan IdleTime =>
        Volatile.Read(ref _uses) > 0 || session.OutboundCount > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _usedAt));

    /// <summary>A protocol begins (1) or ends (-1) to be served.</summary>
    public void CountUse(int change)
    {
        Interlocked.Add(ref _uses, change);
        Volatile.Write(ref _usedAt, time.GetTimestamp());
    }

    /// <summary>Why it was closed by this side, or how the session ended.</summary>
    public string ReasonOf(YamuxEnd end) => Volatile.Read(ref _closeReason) ?? end.ToString();

    /// <summary>The first of the protocols that the peer is known to speak.</summary>
    public string? FirstSpoken(IReadOnlyList<string> protocols)
    {
        FrozenSet<string> spoken = Volatile.Read(ref _spoken);
        for (int i = 0; i < protocols.Count; i++)
        {
            if (spoken.Contains(protocols[i]))
                return protocols[i];
        }
        return null;
    }

    /// <summary>The peer has told all it speaks.</summary>
    public void SetSpoken(IEnumerable<string> protocols)
    {
        lock (_gate)
            _spoken = protocols.ToFrozenSet();
    }

    /// <summary>The peer has agreed to a protocol, or refused one it was thought to speak.</summary>
    public void Learn(string protocol, bool speaks)
    {
        lock (_gate)
        {
            if (_spoken.Contains(protocol) == speaks || (speaks && _spoken.Count >= SpokenMax))
                return;
            _spoken = speaks ? _spoken.Append(protocol).ToFrozenSet() : _spoken.Where(p => p != protocol).ToFrozenSet();
        }
    }

    /// <summary>Whether one more identify push may be read: 8 at once and one a second in the long run.</summary>
    public bool MayPush()
    {
        lock (_gate)
            return _pushes.TryTake(1);
    }

    /// <summary>Whether one more identify request may be answered, in the same measure. Honest peers ask once.</summary>
    public bool MayAsk()
    {
        lock (_gate)
            return _questions.TryTake(1);
    }

    /// <summary>Starts to close; the first reason counts.</summary>
    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref _closeReason, reason, null);
        session.Close();
    }

    public void MarkEnded() => _ended.Cancel();
}
