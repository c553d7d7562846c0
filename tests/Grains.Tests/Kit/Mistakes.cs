using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Collects the exceptions that one life of the silo logged and that no disk and no network explains.</summary>
internal sealed class Mistakes : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _all = new();
    private volatile bool _isClosed;

    public string[] All => [.. _all];

    /// <summary>From here on the silo dies, and anything may fail.</summary>
    public void Close() => _isClosed = true;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && !_isClosed;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel) || exception is null or TimeoutException or OrleansException or IOException or DbException or OperationCanceledException or ObjectDisposedException) return;
        _all.Enqueue($"{formatter(state, exception)}: {exception}");
    }

    public void Dispose() => Close();
}
