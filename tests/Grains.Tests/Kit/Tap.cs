namespace OpSync.Grains.Tests.Kit;

/// <summary>Lets so many answers through, of all peers that share it, and keeps the others back until it is opened further: what a test does
/// in the middle of a range happens in the middle, however late it comes.</summary>
internal sealed class Tap(int open)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = open;

    /// <summary>Lets more answers through.</summary>
    public void Open(int more)
    {
        lock (_gate)
        {
            _left += more;
            _opened.TrySetResult();
            _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Completes when one more answer may go.</summary>
    public async Task PassAsync(CancellationToken token)
    {
        while (true)
        {
            Task opened;
            lock (_gate)
            {
                if (_left-- > 0) return;
                _left++;
                opened = _opened.Task;
            }

            await opened.WaitAsync(token);
        }
    }
}
