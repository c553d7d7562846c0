namespace OpSync.SimulationKit;

/// <summary>Virtual time: what happens next, by time and then in the order in which it was arranged. One thread.</summary>
/// <remarks>What the process under test arranges ends with its life; what the world outside arranges goes on.</remarks>
public sealed class Agenda
{
    private const int Always = -1;
    private readonly PriorityQueue<(int Life, Action Act), (TimeSpan At, long Order)> _queue = new();
    private long _order;
    private int _life;

    /// <summary>Monotonic time.</summary>
    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    /// <summary>Wall time: as far from its start as <see cref="Now"/>.</summary>
    public DateTimeOffset Wall => DateTimeOffset.UnixEpoch + TimeSpan.FromDays(20_000) + Now;

    /// <summary>Things that happened.</summary>
    public long Steps { get; private set; }

    /// <summary>Arranges something within this life of the process.</summary>
    public void After(TimeSpan delay, Action act) => _queue.Enqueue((_life, act), (Later(delay), _order++));

    /// <summary>Arranges something that a restart does not prevent.</summary>
    public void AfterAnyway(TimeSpan delay, Action act) => _queue.Enqueue((Always, act), (Later(delay), _order++));

    /// <summary>Ends the life of the process: what it had arranged never happens.</summary>
    public void EndLife() => _life++;

    /// <summary>Lets the next thing happen.</summary>
    /// <param name="limit">Not beyond this time.</param>
    /// <returns>False if nothing is left before the limit.</returns>
    public bool TryStep(TimeSpan limit)
    {
        while (_queue.TryPeek(out (int Life, Action Act) next, out (TimeSpan At, long) at))
        {
            if (at.At > limit) return false;
            _queue.Dequeue();
            if (next.Life != Always && next.Life != _life) continue;
            if (at.At > Now) Now = at.At;
            Steps++;
            next.Act();
            return true;
        }

        return false;
    }

    private TimeSpan Later(TimeSpan delay) => delay <= TimeSpan.Zero ? Now : Now + delay;
}
