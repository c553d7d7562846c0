using Microsoft.Extensions.Logging;

namespace OpSync.Gateway;

/// <summary>Every log message of the gateway; event ids 6000 to 6999.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Error, "The request for {Path} failed")]
    public static partial void Failed(ILogger logger, string path, Exception exception);

    [LoggerMessage(6002, LogLevel.Warning, "The request for {Path} could not be answered in time")]
    public static partial void Unavailable(ILogger logger, string path, Exception exception);

    [LoggerMessage(6003, LogLevel.Warning, "No token is configured: only this machine is answered, and every program on it may do everything. Make a token with 'opsync token new'")]
    public static partial void NoToken(ILogger logger);

    [LoggerMessage(6004, LogLevel.Information, "HTTP on {Address}")]
    public static partial void Listening(ILogger logger, string address);

    [LoggerMessage(6005, LogLevel.Warning, "Live events of {Subject} could not be read")]
    public static partial void FeedFailed(ILogger logger, string subject, Exception exception);

    [LoggerMessage(6006, LogLevel.Information, "{Name} ({Scope}) did {Method} {Path}: {Status}")]
    public static partial void Changed(ILogger logger, string name, string scope, string method, string path, int status);

    [LoggerMessage(6007, LogLevel.Information, "Metrics and traces go to {Endpoint}")]
    public static partial void Exporting(ILogger logger, string endpoint);

    [LoggerMessage(6008, LogLevel.Warning, "The last metrics and traces could not be sent in time and are lost")]
    public static partial void ExportCutShort(ILogger logger);
}
