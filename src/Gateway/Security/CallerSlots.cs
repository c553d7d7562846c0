namespace OpSync.Gateway.Security;

/// <summary>Places for what lasts: so many in all, so many for one caller.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class CallerSlots(int total, int perCaller)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Caller, int> _held = [];
    private int _used;

    /// <summary>What became of a wish for a place.</summary>
    internal enum Verdict
    {
        /// <summary>It has one, and must give it back.</summary>
        Taken,

        /// <summary>The caller has as many as it may.</summary>
        CallerFull,

        /// <summary>All are taken.</summary>
        Full,
    }

    /// <summary>Places taken now.</summary>
    public int Used => Volatile.Read(ref _used);

    public Verdict TryTake(Caller caller)
    {
        lock (_lock)
        {
            int held = _held.GetValueOrDefault(caller);
            if (held >= perCaller) return Verdict.CallerFull;
            if (_used >= total) return Verdict.Full;
            _held[caller] = held + 1;
            _used++;
            return Verdict.Taken;
        }
    }

    public void Return(Caller caller)
    {
        lock (_lock)
        {
            _used--;
            if (--_held[caller] == 0) _held.Remove(caller);
        }
    }
}
