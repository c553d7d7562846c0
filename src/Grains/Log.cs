using Microsoft.Extensions.Logging;
using OpSync.Codec.Primitives;

namespace OpSync.Grains;

/// <summary>Every log message of the grains; event ids 3000 to 3999.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Warning, "Peer {PeerId} sent {Sent} at height {Number}; the trusted hash is {Trusted}")]
    public static partial void PeerLied(ILogger logger, string peerId, ulong number, Hash32 sent, Hash32 trusted);

    [LoggerMessage(3002, LogLevel.Warning, "Peer {PeerId} is banned until {Until}")]
    public static partial void PeerBanned(ILogger logger, string peerId, DateTimeOffset? until);

    [LoggerMessage(3003, LogLevel.Warning, "What is known of peer {PeerId} could not be written; it is tried again")]
    public static partial void PeerNotWritten(ILogger logger, string peerId, Exception exception);

    [LoggerMessage(3004, LogLevel.Information, "Peer {PeerId}: {Act} by an operator")]
    public static partial void PeerDecided(ILogger logger, string peerId, string act);

    [LoggerMessage(3005, LogLevel.Information, "{Network} is blocked by an operator until {Until}")]
    public static partial void NetworkBlocked(ILogger logger, string network, string until);

    [LoggerMessage(3006, LogLevel.Information, "{Network} is unblocked by an operator")]
    public static partial void NetworkUnblocked(ILogger logger, string network);

    [LoggerMessage(3007, LogLevel.Warning, "{Max} peers are kept out by every silo already, for longer than {PeerId}: it is kept out by one alone")]
    public static partial void BanListFull(ILogger logger, int max, string peerId);

    [LoggerMessage(3010, LogLevel.Information, "Range {RangeId} of chain {ChainId} starts: {First} to {Last}, anchor {Anchor}, generation {Generation}")]
    public static partial void RangeStarts(ILogger logger, string rangeId, ulong chainId, ulong first, ulong last, BlockId anchor, long generation);

    [LoggerMessage(3011, LogLevel.Information, "Range {RangeId} of chain {ChainId} ended: {Result}")]
    public static partial void RangeEnded(ILogger logger, string rangeId, ulong chainId, string result);

    [LoggerMessage(3017, LogLevel.Information, "Range {RangeId} of chain {ChainId} is interrupted with {Unlinked} blocks that are not linked and {InFlight} not answered: these are fetched again when it goes on")]
    public static partial void RangeInterrupted(ILogger logger, string rangeId, ulong chainId, int unlinked, int inFlight);

    [LoggerMessage(3012, LogLevel.Warning, "Range {RangeId}: height {Number} should be {Expected}, but {Source} has {Found}")]
    public static partial void Contradiction(ILogger logger, string rangeId, ulong number, Hash32 expected, string source, Hash32 found);

    [LoggerMessage(3013, LogLevel.Warning, "A call to {Grain} failed; the range repeats it")]
    public static partial void CallFailed(ILogger logger, string grain, Exception exception);

    [LoggerMessage(3014, LogLevel.Warning, "The end of range {RangeId} could not be written; it is worked out again")]
    public static partial void EndNotWritten(ILogger logger, string rangeId, Exception exception);

    [LoggerMessage(3016, LogLevel.Warning, "Range {RangeId}: another activation has taken over from generation {Generation}, which ends")]
    public static partial void RangeSuperseded(ILogger logger, string rangeId, long generation);
}
