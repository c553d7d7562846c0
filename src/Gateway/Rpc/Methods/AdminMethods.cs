using Microsoft.Extensions.Logging;
using OpSync.Codec.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Blocks;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Security;
using OpSync.Gateway.Telemetry;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>The namespace admin: takes blocks that are pushed, as op-node does (op-node/node/api.go).</summary>
/// <remarks>As there, null means taken. Unlike there, a block that was refused is an error, and null comes only once the block is
/// durable, or in quarantine where nobody vouches for it.</remarks>
internal sealed class AdminMethods(IGrainFactory grains, RpcSettings settings, TimeProvider time, LimitMetrics metrics, ILogger<AdminMethods> log)
{
    /// <summary>The rank "configured" of docs/adr/0003.</summary>
    private const byte ConfiguredRank = 30;

    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan PollMax = TimeSpan.FromMilliseconds(200);

    private readonly FairGate _gate = new(settings.Limits.PostsMax, settings.Limits.PostsMax, settings.Limits.TurnTimeout, time);

    public async Task<RpcError?> CallAsync(RpcCall call)
    {
        if (call.Method != "admin_postUnsafePayload") return RpcError.UnknownMethod(call.Method);
        if (!await call.Caller.MayChange(call.Method)) return RpcError.Unauthorized(call.Method);
        using IDisposable? place = await _gate.EnterAsync(call.Caller.Id, call.Caller.Aborted);
        if (place is null)
        {
            metrics.Refused(nameof(RpcLimits.PostsMax));
            return RpcError.Busy("payloads are read in");
        }

        ChainSpec chain = call.Chain.Spec;
        string? problem = PayloadJson.ReadEnvelope(call[0], chain, out ExecutionPayload payload, out PayloadVersion version);
        if (problem == PayloadJson.BadHash) return RpcError.Server(problem);
        if (problem is not null) return RpcError.InvalidParameters(problem);
        BlockId id = new(payload.BlockNumber, payload.BlockHash);
        if (id.Number < chain.Genesis.Number) return RpcError.Server($"block {id.Number} is below the genesis block {chain.Genesis.Number}");
        if (id.Number == chain.Genesis.Number && id != chain.Genesis) return RpcError.Server($"the genesis block of this chain is {chain.Genesis.Hash}");

        PostedBlock block = new(id.Hash, payload.ParentHash, payload.Timestamp, PayloadResponse.Encode(payload.ToSsz(version), version), await RankAsync(call.Chain, id));
        RpcError? error = await PostAsync(call, id, block);
        if (error is null) call.Result.WriteNullValue();
        return error;
    }

    private async Task<byte> RankAsync(RpcChain chain, BlockId block)
    {
        byte rank = chain.TrustPostedBlocks ? ConfiguredRank : (byte)0;
        ChainReport report = await grains.GetChain(chain.ChainId).GetReport();
        foreach (AnchorInfo anchor in report.Anchors)
        {
            if (anchor.Block == block && anchor.Rank > rank) rank = anchor.Rank;
        }

        return rank;
    }

    private async Task<RpcError?> PostAsync(RpcCall call, BlockId id, PostedBlock block)
    {
        long start = time.GetTimestamp();
        IBlockReaderGrain reader = grains.GetReader(call.Chain.ChainId);
        PostVerdict last = default;
        for (TimeSpan pause = PollFirst; ; pause = pause * 2 < PollMax ? pause * 2 : PollMax)
        {
            // Once it is on its way only its rank is asked for, which is cheap; a writer without room is asked again.
            PostAnswer answer = last != PostVerdict.Queued
                ? await grains.GetBlock(call.Chain.ChainId, id.Number).Post(block)
                : new PostAnswer(await reader.GetRank(id) is not null ? PostVerdict.Stored : PostVerdict.Queued, null);
            last = answer.Verdict;
            switch (answer.Verdict)
            {
                case PostVerdict.Stored or PostVerdict.Quarantined:
                    RpcLog.Posted(log, id.Number, id.Hash.ToString(), call.Chain.ChainId, answer.Verdict.ToString());
                    return null;
                case PostVerdict.Contradicted:
                    return RpcError.Server($"block {id.Number} {id.Hash} is refused: block {answer.Other!.Value.Number} of this chain is {answer.Other.Value.Hash}");
                case PostVerdict.NotServed:
                    return RpcError.Server($"chain {call.Chain.ChainId} has no store here");
            }

            if (time.GetElapsedTime(start) >= settings.Limits.PostTimeout)
            {
                return RpcError.Server(last == PostVerdict.Queued
                    ? "the block was taken but is not durable yet: the store is slow; post it again to learn more"
                    : "there is no room for the block: the quarantine of its height, the memory or the store's queue is full");
            }

            await Task.Delay(pause, time, call.Caller.Aborted);
        }
    }
}
