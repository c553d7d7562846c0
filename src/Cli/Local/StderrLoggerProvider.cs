using Microsoft.Extensions.Logging;

namespace OpSync.Cli.Local;

/// <summary>Plain lines on stderr, so that stdout stays for results.</summary>
internal sealed class StderrLoggerProvider(LogLevel minimum) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(minimum);

    public void Dispose()
    {
    }

    private sealed class Logger(LogLevel minimum) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            Console.Error.WriteLine(exception is null
                ? $"{logLevel}: {formatter(state, exception)}"
                : $"{logLevel}: {formatter(state, exception)}: {exception.GetType().Name}: {exception.Message}");
        }
    }
}
