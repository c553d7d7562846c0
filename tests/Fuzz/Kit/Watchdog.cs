namespace OpSync.Fuzz.Kit;

/// <summary>Ends the process when one input keeps a decoder busy for a minute or more: nothing else could report an endless loop.</summary>
internal sealed class Watchdog : IDisposable
{
    /// <summary>Runs take microseconds; an input that is still running at the second look in a row hangs.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly string _target;
    private readonly ITimer _timer;
    private volatile byte[]? _input;
    private byte[]? _seen;

    public Watchdog(string target)
    {
        _target = target;
        _timer = TimeProvider.System.CreateTimer(static self => ((Watchdog)self!).Look(), this, Interval, Interval);
    }

    public void Begin(byte[] input) => _input = input;

    public void Dispose()
    {
        _input = null;
        _timer.Dispose();
    }

    private void Look()
    {
        byte[]? input = _input;
        if (input is not null && ReferenceEquals(input, _seen))
            Environment.FailFast($"{_target} hangs. {Fuzzer.InputVariable}={Convert.ToHexStringLower(input)}");
        _seen = input;
    }
}
