using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.SimulationKit;

/// <summary>The disk, which outlives the process, and the silo's one store writer, which does not.</summary>
public sealed class SimStore(World world)
{
    public const int QueueMax = 4_096;
    private const int GroupMax = 256;

    /// <summary>A group waits this long for company.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(ulong Chain, ulong Number), (BlockRecord Block, TrustRank Rank)> _canonical = [];
    private readonly Queue<(RangeKey Range, BlockRecord Block, TrustRank Rank, bool Urgent)> _queue = new();
    private readonly HashSet<(ulong Chain, Hash32 Hash)> _queued = [];
    private readonly List<RangeKey> _stalled = [];
    private bool _committing;

    /// <summary>The disk is full.</summary>
    public bool IsFull { get; set; }

    /// <summary>Bytes in the queue.</summary>
    public long QueuedBytes { get; private set; }

    public int QueueLength => _queue.Count;

    /// <summary>Bytes made durable.</summary>
    public long BytesStored { get; private set; }

    public (Hash32 Hash, TrustRank Rank)? CanonicalAt(ulong chain, ulong number) =>
        _canonical.TryGetValue((chain, number), out (BlockRecord Block, TrustRank Rank) known) ? (known.Block.Hash, known.Rank) : null;

    public bool IsQueued(ulong chain, Hash32 hash) => _queued.Contains((chain, hash));

    /// <summary>What was queued is gone with the process.</summary>
    public void Forget()
    {
        _queue.Clear();
        _queued.Clear();
        _stalled.Clear();
        QueuedBytes = 0;
        _committing = false;
    }

    public bool TryEnqueue(RangeKey range, BlockRecord block, TrustRank rank, bool urgent)
    {
        if (!_queued.Add((range.ChainId, block.Hash)))
        {
            world.Budget.Return(block.Size, urgent);
            return true;
        }

        if (_queue.Count >= QueueMax)
        {
            _queued.Remove((range.ChainId, block.Hash));
            return false;
        }

        _queue.Enqueue((range, block, rank, urgent));
        QueuedBytes += block.Size;
        if (!_committing)
        {
            _committing = true;
            world.Agenda.After(Linger + world.Plan.CommitTime, Commit);
        }

        return true;
    }

    /// <summary>Durable canonical runs, ascending, hash-linked.</summary>
    public List<Island> Islands(ulong chain, BlockRange range)
    {
        List<Island> islands = [];
        for (ulong number = range.First; number <= range.Last; number++)
        {
            if (!_canonical.TryGetValue((chain, number), out (BlockRecord Block, TrustRank) known)) continue;
            BlockRecord block = known.Block;
            bool joins = islands.Count > 0 && islands[^1].Range.Last + 1 == number && islands[^1].LastHash == block.ParentHash;
            if (joins) islands[^1] = new Island(new BlockRange(islands[^1].Range.First, number), block.Hash, islands[^1].FirstParentHash);
            else islands.Add(new Island(new BlockRange(number, number), block.Hash, block.ParentHash));
        }

        return islands;
    }

    /// <summary>Puts a block on the disk by other means than a range.</summary>
    public void Import(ulong chain, BlockRecord block, TrustRank rank) => _canonical[(chain, block.Number)] = (block, rank);

    private void Commit()
    {
        if (IsFull)
        {
            foreach ((RangeKey range, BlockRecord _, TrustRank _, bool _) in _queue)
            {
                if (!_stalled.Contains(range)) _stalled.Add(range);
            }

            foreach (RangeKey range in _stalled) world.Find(range)?.Step(new RangeEvent.StoreState("the disk is full"));
            world.Agenda.After(RetryAfter, Commit);
            return;
        }

        Dictionary<RangeKey, List<StoreAck>> acks = [];
        for (int i = 0; i < GroupMax && _queue.TryDequeue(out (RangeKey Range, BlockRecord Block, TrustRank Rank, bool Urgent) job); i++)
        {
            QueuedBytes -= job.Block.Size;
            _queued.Remove((job.Range.ChainId, job.Block.Hash));
            Hash32? conflict = Write(job.Range.ChainId, job.Block, job.Rank);
            if (!acks.TryGetValue(job.Range, out List<StoreAck>? list)) acks.Add(job.Range, list = []);
            list.Add(new StoreAck(job.Block.Id, conflict));
            world.Budget.Return(job.Block.Size, job.Urgent);
        }

        foreach ((RangeKey range, List<StoreAck> list) in acks)
        {
            world.Send(() => world.Find(range)?.Step(new RangeEvent.Acknowledged(list)));
        }

        foreach (RangeKey range in _stalled) world.Find(range)?.Step(new RangeEvent.StoreState(null));
        _stalled.Clear();
        _committing = _queue.Count > 0;
        if (_committing) world.Agenda.After(world.Plan.CommitTime, Commit);
    }

    private Hash32? Write(ulong chain, BlockRecord block, TrustRank rank)
    {
        if (_canonical.TryGetValue((chain, block.Number), out (BlockRecord Block, TrustRank Rank) known))
        {
            if (known.Block.Hash == block.Hash)
            {
                if (rank > known.Rank) _canonical[(chain, block.Number)] = (block, rank);
                return null;
            }

            if (rank <= known.Rank || known.Rank == TrustRank.Finalized) return known.Block.Hash;
        }

        _canonical[(chain, block.Number)] = (block, rank);
        BytesStored += block.Size;
        return null;
    }
}
