namespace OpSync.Gateway.Rpc;

/// <summary>What many grains say together, asked at most once a second for each chain however many callers want it.</summary>
/// <param name="read">Asks the grains.</param>
/// <param name="time">Clock.</param>
internal sealed class Snapshot<T>(Func<ulong, Task<T>> read, TimeProvider time)
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, (long At, Task<T> Value)> _last = [];   // the configured chains only

    /// <summary>The snapshot of a chain; a failure counts as one.</summary>
    public Task<T> GetAsync(ulong chainId)
    {
        lock (_gate)
        {
            if (_last.TryGetValue(chainId, out (long At, Task<T> Value) last) && time.GetElapsedTime(last.At) < AgeMax) return last.Value;
            Task<T> value = read(chainId);
            _last[chainId] = (time.GetTimestamp(), value);
            return value;
        }
    }
}
