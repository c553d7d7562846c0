using OpSync.Codec.Primitives;
using OpSync.Contracts.Blocks;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Orleans.Placement;

namespace OpSync.Grains.Blocks;

/// <summary>Quarantine of one height. Holds candidates by hash until one is proven; persists nothing: a lost candidate is fetched
/// again. Lives on the silo that fetched the payload, so that the bytes cross between silos only when they must.</summary>
[PreferLocalPlacement]
[CollectionAgeLimit(Minutes = 5)]
internal sealed class BlockGrain(IByteBudget budget, HandoverTickets tickets, IStoreQueue writer, IBlockStores stores) : Grain, IBlockGrain
{
    /// <summary>Different hashes kept for one height. One more takes the place of the oldest, which may be another range's and
    /// never decided: who still needs that is told so when it promotes it, and fetches it again.</summary>
    private const int CandidatesMax = 4;

    private readonly List<HeldPayload> _candidates = new(1);

    public Task<HoldVerdict> Hold(HeldPayload payload)
    {
        if (Find(payload.Hash) >= 0) return Task.FromResult(HoldVerdict.HeldBefore);
        bool isHere = payload.BudgetId == budget.Id;

        // A caller that no longer waits has the bytes back already.
        if (isHere ? !tickets.TryTake(payload.Ticket) : !budget.TryTake(payload.Wire.Length, urgent: false)) return Task.FromResult(HoldVerdict.Refused);
        if (_candidates.Count == CandidatesMax) DropAt(0);
        _candidates.Add(isHere ? payload : payload with { BudgetId = budget.Id, Urgent = false });
        return Task.FromResult(isHere ? HoldVerdict.KeptHere : HoldVerdict.KeptElsewhere);
    }

    public async Task<PromoteVerdict> Promote(PromoteOrder order)
    {
        (ulong chainId, ulong number) = BlockGrainKey.Parse(this);
        int index = Find(order.Hash);
        if (index < 0) return await AnswerForAbsentAsync(chainId, new BlockId(number, order.Hash));

        HeldPayload payload = _candidates[index];
        StoredBlock block = new(number, payload.Hash, payload.ParentHash, payload.Timestamp, payload.Wire);
        RangeKey range = new(order.Range.ChainId, order.Range.RangeId, order.Range.Generation);
        if (!writer.TryEnqueue(new StoreJob(chainId, new AppendItem(block, (TrustRank)order.Rank), range, payload.Urgent)))
        {
            return PromoteVerdict.Busy;
        }

        // The writer accounts for the bytes now. Whatever else was held for this height is wrong or no longer needed.
        _candidates.RemoveAt(index);
        DropAll();
        DeactivateOnIdle();
        return PromoteVerdict.Queued;
    }

    public Task Reject(Hash32 hash)
    {
        int index = Find(hash);
        if (index >= 0) DropAt(index);
        if (_candidates.Count == 0) DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<PostAnswer> Post(PostedBlock block)
    {
        (ulong chainId, ulong number) = BlockGrainKey.Parse(this);
        if (stores.Find(chainId) is not { } store) return new PostAnswer(PostVerdict.NotServed, null);
        if (writer.IsQueued(chainId, block.Hash)) return new PostAnswer(PostVerdict.Queued, null);

        TrustRank rank = (TrustRank)block.Rank;
        if (await store.GetCanonicalAsync(number, CancellationToken.None) is { Rank: >= TrustRank.Signed } own)
        {
            if (own.Hash == block.Hash) return new PostAnswer(PostVerdict.Stored, null);
            if (own.Rank >= rank) return new PostAnswer(PostVerdict.Contradicted, new BlockId(number, own.Hash));
        }

        StoredBlock? above = number == ulong.MaxValue ? null : await store.GetAsync(number + 1, TrustRank.Signed, CancellationToken.None);
        TrustRank rankAbove = above is null ? TrustRank.None : await RankOfAsync(store, above.Id);
        if (rankAbove >= rank && above is not null)
        {
            // Trust passes from child to parent, so the stored child decides: for this block or against it.
            if (above.ParentHash != block.Hash) return new PostAnswer(PostVerdict.Contradicted, new BlockId(number, above.ParentHash));
            rank = rankAbove;
        }

        if (rank == TrustRank.None) return Quarantine(block);
        if (number > 0 && await store.GetCanonicalAsync(number - 1, CancellationToken.None) is { } below && below.Rank >= rank && below.Hash != block.ParentHash)
        {
            return new PostAnswer(PostVerdict.Contradicted, new BlockId(number - 1, below.Hash));
        }

        if (!budget.TryTake(block.Wire.Length, urgent: false)) return new PostAnswer(PostVerdict.NoRoom, null);
        StoredBlock stored = new(number, block.Hash, block.ParentHash, block.Timestamp, block.Wire);
        if (writer.TryEnqueue(new StoreJob(chainId, new AppendItem(stored, rank), null, Urgent: false))) return new PostAnswer(PostVerdict.Queued, null);
        budget.Return(block.Wire.Length, urgent: false);
        return new PostAnswer(PostVerdict.NoRoom, null);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        DropAll();
        return Task.CompletedTask;
    }

    /// <summary>A repeated promotion finds the payload gone for a good reason: it is with the writer, or stored.</summary>
    private async Task<PromoteVerdict> AnswerForAbsentAsync(ulong chainId, BlockId block)
    {
        if (_candidates.Count == 0) DeactivateOnIdle();
        if (writer.IsQueued(chainId, block.Hash)) return PromoteVerdict.Queued;
        CanonicalEntry? canonical = stores.Find(chainId) is { } store ? await store.GetCanonicalAsync(block.Number, CancellationToken.None) : null;
        return canonical?.Hash == block.Hash ? PromoteVerdict.Stored : PromoteVerdict.Missing;
    }

    private PostAnswer Quarantine(PostedBlock block)
    {
        if (Find(block.Hash) >= 0) return new PostAnswer(PostVerdict.Quarantined, null);
        if (_candidates.Count >= CandidatesMax || !budget.TryTake(block.Wire.Length, urgent: false)) return new PostAnswer(PostVerdict.NoRoom, null);
        _candidates.Add(new HeldPayload(block.Hash, block.ParentHash, block.Timestamp, block.Wire, budget.Id, Urgent: false, Ticket: 0));
        return new PostAnswer(PostVerdict.Quarantined, null);
    }

    private static async Task<TrustRank> RankOfAsync(IBlockStore store, BlockId block) =>
        await store.GetCanonicalAsync(block.Number, CancellationToken.None) is { } entry && entry.Hash == block.Hash ? entry.Rank : TrustRank.None;

    private int Find(Hash32 hash)
    {
        for (int i = 0; i < _candidates.Count; i++)
        {
            if (_candidates[i].Hash == hash) return i;
        }

        return -1;
    }

    private void DropAt(int index)
    {
        budget.Return(_candidates[index].Wire.Length, _candidates[index].Urgent);
        _candidates.RemoveAt(index);
    }

    private void DropAll()
    {
        while (_candidates.Count > 0) DropAt(_candidates.Count - 1);
    }
}
