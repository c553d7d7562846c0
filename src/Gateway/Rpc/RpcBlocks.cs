using System.Buffers;
using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Snappy;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Rpc.Sources;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Rpc;

/// <summary>Finds the blocks that calls name, and unpacks them.</summary>
internal sealed class RpcBlocks(IGrainFactory grains, TrustedSources sources, RpcSettings settings, TimeProvider time, LimitMetrics metrics) : IDisposable
{
    private readonly BlockThreads _threads = new(settings.Limits.BlocksMax);
    private readonly FairGate _gate = new(settings.Limits.BlocksMax, settings.Limits.CallerBlocksMax, settings.Limits.TurnTimeout, time);

    /// <summary>How a block is written.</summary>
    public delegate RpcError? Writer(Utf8JsonWriter result, ExecutionPayloadView payload);

    private delegate RpcError? Use(ExecutionPayloadView payload);

    /// <summary>The height that a parameter names. Null with no error where the chain has no such block here.</summary>
    public async Task<(ulong? Number, Hash32? Hash, RpcError? Error)> ResolveAsync(RpcCall call, int index)
    {
        if (!call.TryGetHeight(index, out ulong number, out string? tag, out RpcError? error)) return (null, null, error);
        switch (tag)
        {
            case null:
                return (number, null, null);
            case "earliest":
                return (call.Chain.Spec.Genesis.Number, null, null);
            case "latest":
                return await grains.GetReader(call.Chain.ChainId).GetHead() is { } head ? (head.Number, head.Hash, null) : (null, null, null);
            default:
                if (sources.Find(call.Chain.ChainId, out string problem) is not { } view) return (null, null, RpcError.Server($"the {tag} block is not known: {problem}"));
                BlockId block = tag == "safe" ? view.Safe : view.Finalized;
                return (block.Number, block.Hash, null);
        }
    }

    /// <summary>Writes the canonical block that a parameter names, or null where it is not here.</summary>
    public async Task<RpcError?> WriteAsync(RpcCall call, int index, Writer write)
    {
        (ulong? number, Hash32? hash, RpcError? error) = await ResolveAsync(call, index);
        if (error is not null) return error;
        if (number is not { } height)
        {
            call.Result.WriteNullValue();
            return null;
        }

        using IDisposable? place = await EnterAsync(call);
        if (place is null) return RpcError.Busy("blocks are read");
        BlockPage page = await grains.GetReader(call.Chain.ChainId).Read(new BlockPageQuery(height, height, 1, 1, TimeSpan.Zero));
        StoredPayload? block = page.Blocks is [{ } only] ? only : null;
        if (hash is { } expected && block?.Block.Hash != expected && call[index].GetString() is "safe" or "finalized")
            return Missing(call[index].GetString()!, new BlockId(height, expected), block);
        return await WriteAsync(call, block, write);
    }

    /// <summary>Writes the canonical block with a hash, or null where it is not here.</summary>
    public async Task<RpcError?> WriteAsync(RpcCall call, Hash32 hash, Writer write)
    {
        using IDisposable? place = await EnterAsync(call);
        if (place is null) return RpcError.Busy("blocks are read");
        IBlockReaderGrain reader = grains.GetReader(call.Chain.ChainId);
        StoredPayload? block = await reader.GetByHash(hash);

        // What lost its height, or has only some caller's word for it, is not served.
        if (block is not null && await reader.GetRank(block.Block) is null) block = null;
        return await WriteAsync(call, block, write);
    }

    /// <summary>The highest stored block as op-node names it; null where there is none, or it belongs to another chain.</summary>
    public async Task<L2BlockRef?> ReadHeadAsync(RpcCall call)
    {
        IBlockReaderGrain reader = grains.GetReader(call.Chain.ChainId);
        if (await reader.GetHead() is not { } head) return null;
        using IDisposable? place = await EnterAsync(call);
        if (place is null || await reader.GetByHash(head.Hash) is not { } block) return null;
        L2BlockRef? reference = null;
        await _threads.RunAsync(() => Unpack(call.Chain.Spec, block, payload =>
        {
            if (L2BlockRef.TryRead(payload, call.Chain.Spec, out L2BlockRef read)) reference = read;
            return null;
        }));
        return reference;
    }

    public void Dispose() => _threads.Dispose();

    private async ValueTask<IDisposable?> EnterAsync(RpcCall call)
    {
        IDisposable? place = await _gate.EnterAsync(call.Caller.Id, call.Caller.Aborted);
        if (place is null) metrics.Refused(nameof(RpcLimits.BlocksMax));
        return place;
    }

    /// <summary>The source knows a block that is not here. Null would say that there is none; and op-node takes every text with "block
    /// not found", "header not found" or "unknown block" in it for the same (op-service/eth), so that it would begin anew at genesis
    /// or at its own finalized block.</summary>
    private static RpcError Missing(string tag, BlockId expected, StoredPayload? stored) => RpcError.Server(stored is null
        ? $"the {tag} block {expected.Number} {expected.Hash} is named by the trusted source of this chain but is not stored here yet: post a range that covers it"
        : $"block {expected.Number} is stored here as {stored.Block.Hash}, but the trusted source of this chain names {expected.Hash} as {tag}");

    private async Task<RpcError?> WriteAsync(RpcCall call, StoredPayload? block, Writer write)
    {
        if (block is null)
        {
            call.Result.WriteNullValue();
            return null;
        }

        return await _threads.RunAsync(() => Unpack(call.Chain.Spec, block, payload => write(call.Result, payload)));
    }

    private static RpcError? Unpack(ChainSpec chain, StoredPayload block, Use use)
    {
        ReadOnlySpan<byte> content = block.Wire.AsSpan(PayloadByNumber.ResponseHeaderSize);
        SnappyFault fault = SnappyFraming.Measure(content, PayloadByNumber.SizeMax, out int length);
        if (fault != SnappyFault.None) throw Damaged(block, fault.ToString());
        byte[] ssz = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            fault = SnappyFraming.Decode(content, ssz.AsSpan(0, length), out int written, out _);
            if (fault != SnappyFault.None || written != length) throw Damaged(block, fault.ToString());
            PayloadVersion version = chain.VersionAt(block.Timestamp);
            PayloadFault payloadFault = ExecutionPayloadView.Read(ssz.AsSpan(0, length), version, out ExecutionPayloadView payload);
            return payloadFault == PayloadFault.None ? use(payload) : throw Damaged(block, payloadFault.ToString());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(ssz);
        }
    }

    /// <summary>Blocks were verified before they were stored, so this is the disk's doing or a wrong configuration.</summary>
    private static InvalidDataException Damaged(StoredPayload block, string fault) => new($"The stored block {block.Block} cannot be read: {fault}.");
}
