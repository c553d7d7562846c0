namespace OpSync.Libp2p.Transport;

/// <summary>A token that is cancelled at a time limit or with an outer token, whichever comes first.</summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _outer;
    private readonly CancellationToken _outerToken;

    /// <summary>Starts to run.</summary>
    /// <param name="limit">Time until it passes.</param>
    /// <param name="time">Clock.</param>
    /// <param name="outer">Cancels it as well.</param>
    public Deadline(TimeSpan limit, TimeProvider time, CancellationToken outer)
    {
        _source = new CancellationTokenSource(limit, time);
        _outerToken = outer;
        _outer = outer.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The time limit passed, and the outer token was not cancelled.</summary>
    public bool HasPassed => _source.IsCancellationRequested && !_outerToken.IsCancellationRequested;

    /// <summary>Starts the next phase with a limit of its own; <see cref="Timeout.InfiniteTimeSpan"/> pauses.</summary>
    public void Restart(TimeSpan limit) => _source.CancelAfter(limit);

    /// <summary>Stops it; the token is cancelled no more.</summary>
    public void Dispose()
    {
        _outer.Dispose();
        _source.Dispose();
    }
}
