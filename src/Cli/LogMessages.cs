using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;

namespace OpSync.Cli;

/// <summary>Every log message of the command line; event ids 7000 to 7999.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(7001, LogLevel.Error, "The configured anchor {Number} {Hash} of {Chain} is refused: {Other} of equal or higher rank stands there")]
    public static partial void AnchorRefused(ILogger logger, ulong number, Hash32 hash, string chain, Hash32 other);
}
