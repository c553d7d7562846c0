using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>Stands for the grains of all heights: candidate payloads by hash, until promoted or rejected.</summary>
public sealed class Quarantine(World world)
{
    /// <summary>As in the grain of a height: one more takes the place of the oldest.</summary>
    private const int CandidatesMax = 4;

    /// <summary>A height that nobody touches is collected after this time.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(ulong Chain, ulong Number), Entry> _entries = [];

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes a payload.</summary>
    /// <returns>True if its bytes are accounted here from now on, false if it is known already.</returns>
    public bool Hold(ulong chain, BlockRecord block, bool urgent)
    {
        if (!_entries.TryGetValue((chain, block.Number), out Entry? entry))
        {
            _entries.Add((chain, block.Number), entry = new Entry());
            Collect(chain, block.Number, entry);
        }

        entry.TouchedAt = world.Agenda.Now;
        if (entry.Held.Exists(h => h.Block.Hash == block.Hash)) return false;
        if (entry.Held.Count == CandidatesMax)
        {
            (BlockRecord oldest, bool oldUrgent) = entry.Held[0];
            entry.Held.RemoveAt(0);
            Bytes -= oldest.Size;
            world.Budget.Return(oldest.Size, oldUrgent);
        }

        entry.Held.Add((block, urgent));
        Bytes += block.Size;
        return true;
    }

    /// <summary>Hands a block to the store.</summary>
    public (PromoteAnswer Answer, bool IsStored) Promote(RangeKey range, BlockId id, TrustRank rank)
    {
        if (!_entries.TryGetValue((range.ChainId, id.Number), out Entry? entry)) return AnswerForAbsent(range.ChainId, id);
        entry.TouchedAt = world.Agenda.Now;
        int index = entry.Held.FindIndex(h => h.Block.Hash == id.Hash);
        if (index < 0) return AnswerForAbsent(range.ChainId, id);
        (BlockRecord block, bool urgent) = entry.Held[index];
        if (!world.Store.TryEnqueue(range, block, rank, urgent)) return (PromoteAnswer.Busy, false);
        Bytes -= block.Size;
        entry.Held.RemoveAt(index);
        Drop(range.ChainId, id.Number, entry);
        return (PromoteAnswer.Queued, false);
    }

    /// <summary>Gives up one candidate.</summary>
    public void Reject(ulong chain, BlockId id)
    {
        if (!_entries.TryGetValue((chain, id.Number), out Entry? entry)) return;
        int index = entry.Held.FindIndex(h => h.Block.Hash == id.Hash);
        if (index < 0) return;
        (BlockRecord block, bool urgent) = entry.Held[index];
        entry.Held.RemoveAt(index);
        Bytes -= block.Size;
        world.Budget.Return(block.Size, urgent);
        if (entry.Held.Count == 0) _entries.Remove((chain, id.Number));
    }

    /// <summary>Loses everything, as when a silo goes away.</summary>
    public void Lose()
    {
        foreach (((ulong chain, ulong number), Entry entry) in _entries.ToArray()) Drop(chain, number, entry);
    }

    private (PromoteAnswer Answer, bool IsStored) AnswerForAbsent(ulong chain, BlockId id)
    {
        if (world.Store.IsQueued(chain, id.Hash)) return (PromoteAnswer.Queued, false);
        return (PromoteAnswer.Missing, world.Store.CanonicalAt(chain, id.Number)?.Hash == id.Hash);
    }

    private void Drop(ulong chain, ulong number, Entry entry)
    {
        _entries.Remove((chain, number));
        foreach ((BlockRecord block, bool urgent) in entry.Held)
        {
            Bytes -= block.Size;
            world.Budget.Return(block.Size, urgent);
        }

        entry.Held.Clear();
    }

    private void Collect(ulong chain, ulong number, Entry entry) => world.Agenda.After(IdleMax, () =>
    {
        if (!_entries.TryGetValue((chain, number), out Entry? known) || known != entry) return;
        if (world.Agenda.Now - entry.TouchedAt >= IdleMax) Drop(chain, number, entry);
        else Collect(chain, number, entry);
    });

    private sealed class Entry
    {
        public List<(BlockRecord Block, bool Urgent)> Held { get; } = new(1);

        public TimeSpan TouchedAt { get; set; }
    }
}
