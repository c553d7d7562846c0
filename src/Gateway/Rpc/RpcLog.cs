using Microsoft.Extensions.Logging;

namespace OpSync.Gateway.Rpc;

/// <summary>Log messages of JSON-RPC; event ids 6200 to 6299.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(6201, LogLevel.Error, "The call of {Method} on chain {ChainId} failed")]
    public static partial void CallFailed(ILogger logger, string method, ulong chainId, Exception exception);

    [LoggerMessage(6202, LogLevel.Warning, "The trusted source {Source} of chain {ChainId} does not answer: {Problem}")]
    public static partial void SourceFailed(ILogger logger, string source, ulong chainId, string problem);

    [LoggerMessage(6203, LogLevel.Information, "The trusted source {Source} of chain {ChainId} answers: safe {Safe}, finalized {Finalized}")]
    public static partial void SourceAnswers(ILogger logger, string source, ulong chainId, ulong safe, ulong finalized);

    [LoggerMessage(6204, LogLevel.Debug, "Block {Number} {Hash} was posted to chain {ChainId}: {Verdict}")]
    public static partial void Posted(ILogger logger, ulong number, string hash, ulong chainId, string verdict);
}
