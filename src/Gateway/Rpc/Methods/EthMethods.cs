using System.Globalization;
using System.Text.Json;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Ranges;
using OpSync.Contracts.Reading;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The namespaces eth, net and web3, as far as stored blocks answer them (execution-apis).</summary>
internal sealed class EthMethods(IGrainFactory grains, RpcBlocks blocks, RpcSettings settings, TimeProvider time)
{
    private readonly Snapshot<RangeReport[]> _open = new(chainId => ReadOpenAsync(grains, chainId, settings.Limits.ReportsMax), time);

    /// <summary>What this software calls itself.</summary>
    public static string Version { get; } = $"opsync/v{typeof(EthMethods).Assembly.GetName().Version?.ToString(3)}";

    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        switch (call.Method)
        {
            case "eth_chainId":
                call.Result.WriteQuantityValue(call.Chain.ChainId);
                return null;
            case "net_version":
                call.Result.WriteStringValue(call.Chain.ChainId.ToString(CultureInfo.InvariantCulture));
                return null;
            case "web3_clientVersion":
                call.Result.WriteStringValue(Version);
                return null;
            case "eth_blockNumber":
                if (await grains.GetReader(call.Chain.ChainId).GetHead() is not { } head) return RpcError.Server("header not found: no block of this chain is stored yet");
                call.Result.WriteQuantityValue(head.Number);
                return null;
            case "eth_getBlockByNumber":
                return TryGetForm(call, out RpcBlocks.Writer? form, out RpcError? error) ? await blocks.WriteAsync(call, 0, form) : error;
            case "eth_getBlockByHash":
                if (!call.TryGetHash(0, out Hash32 hash)) return RpcError.InvalidParameters("parameter 0 is no 32-byte hash in hex (0x...)");
                return TryGetForm(call, out form, out error) ? await blocks.WriteAsync(call, hash, form) : error;
            case "eth_getBlockTransactionCountByNumber":
                return await blocks.WriteAsync(call, 0, static (result, payload) =>
                {
                    result.WriteQuantityValue((ulong)payload.Transactions.Count);
                    return null;
                });
            case "eth_syncing":
                return await WriteSyncingAsync(call);
            default:
                return RpcError.UnknownMethod(call.Method);
        }
    }

    private static bool TryGetForm(RpcCall call, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RpcBlocks.Writer? form, out RpcError? error)
    {
        error = null;
        form = call[1].ValueKind switch
        {
            JsonValueKind.True => (result, payload) => WriteFull(result, payload, call.BytesMax),
            JsonValueKind.False or JsonValueKind.Undefined => WriteHashes,
            _ => null,
        };
        if (form is null) error = RpcError.InvalidParameters("parameter 1 is neither true (full transactions) nor false (hashes)");
        return form is not null;
    }

    private static RpcError? WriteFull(Utf8JsonWriter result, ExecutionPayloadView payload, long bytesMax) => BlockJson.TryWriteFull(result, payload, bytesMax) switch
    {
        null => null,
        { Fault: Codec.Transactions.TransactionFault.None } => RpcError.TooLarge,
        { } fault => RpcError.Server($"block {payload.BlockNumber}: {fault}"),
    };

    private static RpcError? WriteHashes(Utf8JsonWriter result, ExecutionPayloadView payload)
    {
        BlockJson.WriteWithHashes(result, payload);
        return null;
    }

    private static async Task<RangeReport[]> ReadOpenAsync(IGrainFactory grains, ulong chainId, int countMax)
    {
        ChainReport chain = await grains.GetChain(chainId).GetReport();
        RangeReport[] ranges = await Task.WhenAll(chain.RangeIds.Take(countMax).Select(id => grains.GetRange(chainId, id).GetReport()));
        return [.. ranges.Where(r => r.State is RangeState.Running or RangeState.Paused)];
    }

    /// <summary>False while no range is open. Else the heights that are being filled, and the highest block so far.</summary>
    private async Task<RpcError?> WriteSyncingAsync(RpcCall call)
    {
        RangeReport[] open = await _open.GetAsync(call.Chain.ChainId);
        if (open.Length == 0)
        {
            call.Result.WriteBooleanValue(false);
            return null;
        }

        ulong first = open.Min(r => r.First);
        BlockId? head = await grains.GetReader(call.Chain.ChainId).GetHead();
        call.Result.WriteStartObject();
        call.Result.WriteQuantity("startingBlock"u8, first);
        call.Result.WriteQuantity("currentBlock"u8, head?.Number ?? first);
        call.Result.WriteQuantity("highestBlock"u8, Math.Max(head?.Number ?? 0, open.Max(r => r.Last)));
        call.Result.WriteEndObject();
        return null;
    }
}
