using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;

namespace OpSync.Silo;

/// <summary>Every log message of the silo; event ids 5000 to 5999.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Warning, "Delivering {Items} to a grain failed, attempt {Attempt}")]
    public static partial void DeliveryFailed(ILogger logger, string items, int attempt, Exception exception);

    [LoggerMessage(5003, LogLevel.Debug, "Peer {PeerId} sent a malformed answer for height {Number}: {Fault}")]
    public static partial void Malformed(ILogger logger, string peerId, ulong number, string fault);

    [LoggerMessage(5004, LogLevel.Debug, "Dialling {PeerId} failed: {Problem}")]
    public static partial void DialFailed(ILogger logger, string peerId, string problem);

    [LoggerMessage(5009, LogLevel.Debug, "Peer {PeerId} gave no block {Number}: {Outcome}")]
    public static partial void NoBlock(ILogger logger, string peerId, ulong number, string outcome);

    [LoggerMessage(5010, LogLevel.Error, "Asking {PeerId} for headers failed unexpectedly")]
    public static partial void HeadersFailed(ILogger logger, string peerId, Exception exception);

    [LoggerMessage(5011, LogLevel.Warning, "{Count} of {Items} never reached their grains; what they told is made up for by deadlines")]
    public static partial void ReportsDropped(ILogger logger, string items, long count);

    [LoggerMessage(5012, LogLevel.Warning, "Whom the cluster keeps out cannot be asked; what is known stays in force: {Problem}")]
    public static partial void ClusterNotReached(ILogger logger, string problem);

    [LoggerMessage(5013, LogLevel.Information, "The cluster tells again whom it keeps out")]
    public static partial void ClusterReached(ILogger logger);

    [LoggerMessage(5005, LogLevel.Error, "The store takes no blocks: {Problem}")]
    public static partial void StoreStalled(ILogger logger, string problem);

    [LoggerMessage(5006, LogLevel.Information, "The store takes blocks again")]
    public static partial void StoreResumed(ILogger logger);

    [LoggerMessage(5007, LogLevel.Warning, "Height {Number} is re-pointed from {Replaced} to {Hash}: the new block has the higher rank")]
    public static partial void Repointed(ILogger logger, ulong number, Hash32 replaced, Hash32 hash);

    [LoggerMessage(5008, LogLevel.Error, "A block was verified, but handing it on failed unexpectedly")]
    public static partial void HandOverFailed(ILogger logger, Exception exception);

    [LoggerMessage(5014, LogLevel.Debug, "The cluster's bucket of a peer cannot be reached, a small local one stands in: {Problem}")]
    public static partial void LeaseFailed(ILogger logger, string problem);
}
