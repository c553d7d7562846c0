using OpSync.Codec.OpStack;
using OpSync.Gateway.Rpc.Sources;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The namespace optimism, shaped as an op-node of today answers it (op-node/node/api.go).</summary>
internal sealed class OptimismMethods(TrustedSources sources, RpcBlocks blocks)
{
    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        switch (call.Method)
        {
            case "optimism_version":
                call.Result.WriteStringValue(EthMethods.Version);
                return null;
            case "optimism_rollupConfig":
                ReadOnlyMemory<byte> config = call.Chain.RollupConfigJson ?? RollupConfig.Write(call.Chain.Spec);
                call.Result.WriteRawValue(config.Span);
                return null;
            case "optimism_syncStatus":
                return await WriteStatusAsync(call);
            default:
                return RpcError.UnknownMethod(call.Method);
        }
    }

    /// <summary>The status of the trusted source. Only the unsafe head may be a later one from here: all else would be a guess.</summary>
    private async Task<RpcError?> WriteStatusAsync(RpcCall call)
    {
        if (sources.Find(call.Chain.ChainId, out string problem) is not { } view) return RpcError.Server($"the sync status is not known: {problem}");
        if (view.Status is not { } status) return RpcError.Server("the trusted source of this chain is an execution client, which knows no L1 references");
        if (await blocks.ReadHeadAsync(call) is { L1Origin: not null } head && head.Id.Number > status.UnsafeL2.Id.Number) status = status with { UnsafeL2 = head };
        status.Write(call.Result);
        return null;
    }
}
