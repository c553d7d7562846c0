namespace OpSync.Gateway.Security;

/// <summary>Lets a number of pieces of work in at a time. Callers take turns: however much one of them has waiting, another's next
/// piece is let in once a place is free.</summary>
/// <remarks>Thread-safe. Who waits is a request under way, so that waiters are bounded by the connections there may be.</remarks>
/// <param name="places">Pieces of work at a time.</param>
/// <param name="perCaller">Of one caller; less than <paramref name="places"/> keeps some for the others.</param>
/// <param name="patience">Longest wait.</param>
/// <param name="time">Clock.</param>
internal sealed class FairGate(int places, int perCaller, TimeSpan patience, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Caller, Line> _lines = [];
    private readonly LinkedList<Line> _turns = [];   // lines in which somebody waits, the next turn first
    private int _used;

    /// <summary>Places taken now.</summary>
    public int Used => Volatile.Read(ref _used);

    /// <summary>Waits for a place.</summary>
    /// <returns>The place, to be disposed of; null where there was none in time.</returns>
    public async ValueTask<IDisposable?> EnterAsync(Caller caller, CancellationToken aborted)
    {
        Line? line;
        Waiter waiter;
        lock (_lock)
        {
            if (!_lines.TryGetValue(caller, out line)) _lines[caller] = line = new Line(caller);
            if (line.Waiting.Count == 0 && _used < places && line.Held < perCaller) return Take(line);
            waiter = new Waiter();
            line.Waiting.AddLast(waiter);
            if (line.Waiting.Count == 1) _turns.AddLast(line);
        }

        try
        {
            return await waiter.Task.WaitAsync(patience, time, aborted);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            IDisposable? late = Leave(line, waiter);
            if (e is TimeoutException) return late;
            late?.Dispose();
            throw;
        }
    }

    /// <summary>Stops waiting; gives the place that was granted meanwhile, if one was.</summary>
    private Place? Leave(Line line, Waiter waiter)
    {
        lock (_lock)
        {
            if (!line.Waiting.Remove(waiter)) return waiter.Given;
            if (line.Waiting.Count == 0) _turns.Remove(line);
            Forget(line);
            return null;
        }
    }

    /// <summary>A place that becomes free lets in one piece of work at most: of the line whose turn it is among those that may.</summary>
    private void Release(Line line)
    {
        lock (_lock)
        {
            _used--;
            line.Held--;
            if (_turns.FirstOrDefault(t => t.Held < perCaller) is { } turn)
            {
                Waiter first = turn.Waiting.First!.Value;
                turn.Waiting.RemoveFirst();
                _turns.Remove(turn);
                if (turn.Waiting.Count > 0) _turns.AddLast(turn);
                first.TrySetResult(first.Given = Take(turn));
            }

            Forget(line);
        }
    }

    private Place Take(Line line)
    {
        _used++;
        line.Held++;
        return new Place(this, line);
    }

    private void Forget(Line line)
    {
        if (line.Held == 0 && line.Waiting.Count == 0) _lines.Remove(line.Caller);
    }

    private sealed class Line(Caller caller)
    {
        public Caller Caller => caller;

        public int Held { get; set; }

        public LinkedList<Waiter> Waiting { get; } = [];
    }

    private sealed class Waiter() : TaskCompletionSource<Place>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        /// <summary>Its place, once it has one; read and set under the lock.</summary>
        public Place? Given { get; set; }
    }

    private sealed class Place(FairGate gate, Line line) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0) gate.Release(line);
        }
    }
}
