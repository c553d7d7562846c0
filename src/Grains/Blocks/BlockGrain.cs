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
    /// <summary>Different hashes kept for one height. More than the liars a range asks before it has an honest answer only costs
    /// another request.</summary>
    private const int CandidatesMax = 4;

    private readonly List<HeldPayload> _candidates = new(1);

    public Task<HoldVerdict> Hold(HeldPayload payload)
    {
        if (Find(payload.Hash) >= 0) return Task.FromResult(HoldVerdict.HeldBefore);
        if (_candidates.Count >= CandidatesMax) return Task.FromResult(HoldVerdict.Refused);

        if (payload.BudgetId == budget.Id)
        {
            // A caller that no longer waits has the bytes back already.
            if (!tickets.TryTake(payload.Ticket)) return Task.FromResult(HoldVerdict.Refused);
            _candidates.Add(payload);
            return Task.FromResult(HoldVerdict.KeptHere);
        }

        if (!budget.TryTake(payload.Wire.Length, urgent: false)) return Task.FromResult(HoldVerdict.Refused);
        _candidates.Add(payload with { BudgetId = budget.Id, Urgent = false });
        return Task.FromResult(HoldVerdict.KeptElsewhere);
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
        if (index >= 0)
        {
            budget.Return(_candidates[index].Wire.Length, _candidates[index].Urgent);
            _candidates.RemoveAt(index);
        }

        if (_candidates.Count == 0) DeactivateOnIdle();
        return Task.CompletedTask;
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

    private int Find(Hash32 hash)
    {
        for (int i = 0; i < _candidates.Count; i++)
        {
            if (_candidates[i].Hash == hash) return i;
        }

        return -1;
    }

    private void DropAll()
    {
        foreach (HeldPayload payload in _candidates) budget.Return(payload.Wire.Length, payload.Urgent);
        _candidates.Clear();
    }
}
