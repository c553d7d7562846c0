namespace OpSync.Gateway.Rpc;

/// <summary>Lets a number of callers in at a time. The others wait, but not for long.</summary>
/// <param name="places">Callers at a time.</param>
/// <param name="patience">Longest wait.</param>
internal sealed class RpcGate(int places, TimeSpan patience) : IDisposable
{
    private readonly SemaphoreSlim _places = new(places);

    /// <summary>Waits for a place.</summary>
    /// <returns>The place, to be disposed of; null where there was none in time.</returns>
    public async ValueTask<IDisposable?> EnterAsync(CancellationToken aborted) => await _places.WaitAsync(patience, aborted) ? new Place(_places) : null;

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
