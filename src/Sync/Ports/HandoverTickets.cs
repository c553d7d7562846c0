using System.Collections.Concurrent;

namespace OpSync.Sync.Ports;

/// <summary>Decides who accounts for bytes that are handed over by a call whose answer may be lost: whoever takes the ticket.</summary>
/// <remarks>
/// The giver issues a ticket and sends it along; the receiver takes it, or leaves the goods. When the call is over, however it
/// ended, the giver takes the ticket itself: if it is still there the bytes are the giver's, now and for ever, for a receiver that
/// comes late finds it gone. Thread-safe. One ticket at a time exists for each hand-over under way.
/// </remarks>
public sealed class HandoverTickets
{
    private readonly ConcurrentDictionary<long, bool> _open = new();
    private long _last;

    /// <summary>Tickets nobody has taken.</summary>
    public int Open => _open.Count;

    /// <summary>A new ticket; never 0.</summary>
    public long Issue()
    {
        long ticket = Interlocked.Increment(ref _last);
        _open[ticket] = true;
        return ticket;
    }

    /// <summary>Takes a ticket.</summary>
    /// <returns>True for exactly one caller.</returns>
    public bool TryTake(long ticket) => _open.TryRemove(ticket, out _);
}
