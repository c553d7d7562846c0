using System.Collections.Concurrent;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Grains.Tests.Kit;

/// <summary>A store that a test can fill up, slow down, hold and cut off. Notes what became durable.</summary>
internal sealed class TestStore(IBlockStore inner) : IBlockStore
{
    private readonly ConcurrentQueue<int> _groups = new();
    private readonly ConcurrentDictionary<ulong, Hash32> _durable = new();
    private volatile TaskCompletionSource? _gate;
    private volatile bool _isDead;

    /// <summary>Set: appends fail as on a full disk, with this text.</summary>
    public volatile string? Full;

    /// <summary>Set: the next raising of ranks fails, once.</summary>
    public volatile bool FailRaiseOnce;

    /// <summary>Set: the islands of some heights cannot be looked up.</summary>
    public Func<BlockRange, Exception?>? FailIslands { get; set; }

    /// <summary>Appends that came in, whether they succeeded or not.</summary>
    public int AppendsTried => Volatile.Read(ref _appendsTried);

    private int _appendsTried;

    /// <summary>Sizes of the groups that became durable.</summary>
    public int[] Groups => [.. _groups];

    /// <summary>What became durable in this life of the store, at the time the commit returned.</summary>
    public ConcurrentDictionary<ulong, Hash32> Durable => _durable;

    public ulong ChainId => inner.ChainId;

    public Hash32 GenesisHash => inner.GenesisHash;

    /// <summary>Keeps appends waiting before they write anything.</summary>
    public void Hold() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release()
    {
        TaskCompletionSource? gate = _gate;
        _gate = null;
        gate?.TrySetResult();
    }

    /// <summary>The process is dead: nothing it still wants to write reaches the disk.</summary>
    public void CutOff()
    {
        _isDead = true;
        Release();
    }

    public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(IReadOnlyList<AppendItem> items, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _appendsTried);
        if (_gate is { } gate) await gate.Task.WaitAsync(cancellationToken);
        if (Full is { } text) throw new StoreFullException(text);
        IReadOnlyList<AppendResult> results = await Alive().AppendAsync(items, cancellationToken);
        foreach (AppendItem item in items) _durable[item.Block.Number] = item.Block.Hash;
        _groups.Enqueue(items.Count);
        return results;
    }

    public ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken)
    {
        if (FailRaiseOnce)
        {
            FailRaiseOnce = false;
            throw new IOException("The disk had a bad moment.");
        }

        return Alive().RaiseRankAsync(anchor, first, cancellationToken);
    }

    public ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken) =>
        Alive().GetAsync(number, rankMin, cancellationToken);

    public ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken) => Alive().GetAsync(hash, cancellationToken);

    public ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken) =>
        Alive().GetCanonicalAsync(number, cancellationToken);

    public ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken) =>
        Alive().GetHeadAsync(rankMin, cancellationToken);

    public ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken) =>
        Alive().ReadAsync(range, rankMin, countMax, bytesMax, cancellationToken);

    public ValueTask<IReadOnlyList<Island>> GetIslandsAsync(BlockRange range, TrustRank rankMin, CancellationToken cancellationToken) =>
        FailIslands?.Invoke(range) is { } failure ? throw failure : Alive().GetIslandsAsync(range, rankMin, cancellationToken);

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => Alive().CountAsync(cancellationToken);

    public ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken) => Alive().PruneBelowAsync(number, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private IBlockStore Alive() => _isDead ? throw new IOException("This process was killed.") : inner;
}
