namespace OpSync.Embedded.Engine;

/// <summary>
/// Calls that wait for an answer under the same timeout, in the order in which they end: one timer for all of them.
/// It also knows whom to tell when the silo dies.
/// </summary>
internal sealed class ResponseLane(TimeSpan timeout, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _ticks = timeout == Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : (long)(timeout.TotalSeconds * time.TimestampFrequency);

    private Call? _first;
    private Call? _last;
    private ITimer? _timer;
    private bool _armed;

    /// <summary>Place of a call in its lane.</summary>
    internal struct Node
    {
        public ResponseLane? Lane;
        public Call? Previous;
        public Call? Next;
        public long Deadline;
    }

    public void Add(Call call)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            call.Watch = new Node { Lane = this, Previous = _last, Deadline = now > long.MaxValue - _ticks ? long.MaxValue : now + _ticks };
            if (_last is null) _first = call;
            else _last.Watch.Next = call;
            _last = call;
            if (!_armed && _ticks != long.MaxValue) Arm(timeout);
        }
    }

    public void Remove(Call call)
    {
        lock (_gate) Unlink(call);
    }

    /// <summary>Empties the lane and gives the calls it held.</summary>
    public List<Call> TakeAll() => TakeUntil(long.MaxValue);

    private void Arm(TimeSpan due)
    {
        _armed = true;
        if (_timer is not null) _timer.Change(due, Timeout.InfiniteTimeSpan);
        else _timer = time.CreateDetachedTimer(static lane => ((ResponseLane)lane!).Expire(), this, due, Timeout.InfiniteTimeSpan);
    }

    private void Expire()
    {
        List<Call> expired = TakeUntil(time.GetTimestamp());
        foreach (Call call in expired)
        {
            EngineMetrics.Timeouts.Add(1);
            call.Refuse(new TimeoutException($"No answer of {call.Target} to {call.Method.Name} within {timeout}."));
        }

        lock (_gate)
        {
            _armed = false;
            if (_first is null) return;
            TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), _first.Watch.Deadline);
            Arm(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private List<Call> TakeUntil(long deadline)
    {
        var taken = new List<Call>();
        lock (_gate)
        {
            while (_first is { } call && call.Watch.Deadline <= deadline)
            {
                Unlink(call);
                taken.Add(call);
            }
        }

        return taken;
    }

    private void Unlink(Call call)
    {
        if (call.Watch.Lane is null) return;
        if (call.Watch.Previous is { } previous) previous.Watch.Next = call.Watch.Next;
        else _first = call.Watch.Next;
        if (call.Watch.Next is { } next) next.Watch.Previous = call.Watch.Previous;
        else _last = call.Watch.Previous;
        call.Watch = default;
    }
}
