using OpSync.Sync.Ranges;

namespace OpSync.SimulationKit;

/// <summary>The production byte budget in virtual time.</summary>
/// <remarks>
/// Its waiters continue on other threads. What the budget granted is known at once from its own counter, so each call here waits
/// until exactly the waiters that were granted have continued: the run stays the same from run to run.
/// </remarks>
public sealed class SimBudget(long capacity, Agenda agenda)
{
    private readonly ByteBudget _budget = new(capacity);
    private readonly List<Waiter> _waiters = [];

    public long Used => _budget.Used;

    public long Capacity => _budget.Capacity;

    /// <summary>The most that was ever accounted at once.</summary>
    public long Peak { get; private set; }

    public int Waiting => _waiters.Count;

    /// <summary>Waiters that were granted their bytes and have not heard of it.</summary>
    public int Ungranted { get; private set; }

    /// <summary>Takes bytes if they are there.</summary>
    public bool TryTake(long bytes, bool urgent)
    {
        bool taken = _budget.TryTake(bytes, urgent);
        Note();
        return taken;
    }

    /// <summary>Takes bytes now or later.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="urgent">May use the reserve.</param>
    /// <param name="priority">Of the range.</param>
    /// <param name="patience">After this time it gives up.</param>
    /// <param name="done">Told whether the bytes were taken; at once if they are there.</param>
    /// <returns>Gives up waiting when called; null if there is nothing to wait for.</returns>
    public Action? Take(long bytes, bool urgent, int priority, TimeSpan patience, Action<bool> done)
    {
        if (TryTake(bytes, urgent))
        {
            done(true);
            return null;
        }

        // Who is more urgent than all who wait may be let in at once.
        CancellationTokenSource source = new();
        long before = _budget.Used;
        Waiter waiter = new(bytes, _budget.TakeAsync(bytes, urgent, priority, source.Token).AsTask(), source, done);
        _waiters.Add(waiter);
        Settle(_budget.Used - before);
        agenda.After(patience, () => GiveUp(waiter));
        return () => GiveUp(waiter);
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes, bool urgent)
    {
        long before = _budget.Used;
        _budget.Return(bytes, urgent);
        Settle(_budget.Used - (before - bytes));
    }

    private void GiveUp(Waiter waiter)
    {
        if (!_waiters.Remove(waiter)) return;
        long before = _budget.Used;
        waiter.Source.Cancel();
        SpinWait.SpinUntil(() => waiter.Task.IsCompleted);
        Settle(_budget.Used - before);
        waiter.Done(false);
    }

    private void Settle(long granted)
    {
        Note();
        if (granted == 0) return;
        SpinWait.SpinUntil(() => _waiters.Sum(w => w.Task.IsCompleted ? w.Bytes : 0) == granted);
        Waiter[] done = [.. _waiters.Where(w => w.Task.IsCompleted)];
        _waiters.RemoveAll(w => w.Task.IsCompleted);

        // Told in a turn of their own, so that nobody is called back in the middle of what it does.
        foreach (Waiter waiter in done)
        {
            Ungranted++;
            agenda.After(TimeSpan.Zero, () =>
            {
                Ungranted--;
                waiter.Done(true);
            });
        }
    }

    private void Note()
    {
        if (_budget.Used > Peak) Peak = _budget.Used;
    }

    private sealed record Waiter(long Bytes, Task Task, CancellationTokenSource Source, Action<bool> Done);
}
