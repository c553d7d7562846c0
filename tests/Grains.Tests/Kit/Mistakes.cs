using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Collects the exceptions that the silo logged and that no disk, no network and no kill explains.</summary>
internal sealed class Mistakes : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _all = new();

    public string[] All => [.. _all];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is null or TimeoutException or OrleansException or IOException or OperationCanceledException or ObjectDisposedException) return;
        _all.Enqueue($"{formatter(state, exception)}: {exception}");
    }

    /// <summary>Belongs to the test, not to one life of the silo.</summary>
    public void Dispose()
    {
    }
}
