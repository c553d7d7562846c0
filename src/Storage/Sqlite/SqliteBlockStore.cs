using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Sqlite;

/// <summary>Blocks of one chain in one SQLite file (write-ahead log, synced at every commit). Opened through
/// <see cref="DataDirectory"/>, which keeps other writers out.</summary>
/// <remarks>Thread-safe. One thread writes; <see cref="StorageOptions.ReaderCount"/> threads read beside it, each read on the
/// newest commit. Calls in flight at disposal are finished; later ones throw <see cref="ObjectDisposedException"/>.</remarks>
public sealed class SqliteBlockStore : IBlockStore
{
    /// <summary>Heights touched by one commit of a long-running change, so that appends get their turn between.</summary>
    private const int PageLength = 1_024;

    /// <summary>Highest number SQLite can hold as an integer key; no chain comes near it.</summary>
    private const ulong NumberMax = long.MaxValue;

    private readonly WorkerThreads<BlockWriter>? _writer;
    private readonly WorkerThreads<BlockReader> _readers;

    private SqliteBlockStore(ChainIdentity chain, WorkerThreads<BlockWriter>? writer, WorkerThreads<BlockReader> readers)
    {
        ChainId = chain.ChainId;
        GenesisHash = chain.GenesisHash;
        _writer = writer;
        _readers = readers;
    }

    /// <inheritdoc/>
    public ulong ChainId { get; }

    /// <inheritdoc/>
    public Hash32 GenesisHash { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An item is malformed, or has rank <see cref="TrustRank.None"/>, or there are more than
    /// 4,096.</exception>
    /// <exception cref="StoreFullException">The disk is full; nothing of the group was stored.</exception>
    public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(
        IReadOnlyList<AppendItem> items, CancellationToken cancellationToken)
    {
        AppendRules.Validate(items);
        return items.Count == 0 ? [] : await Writer.RunAsync(w => w.Append(items), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken)
    {
        if (anchor.Number > NumberMax || first > anchor.Number) return;
        BlockId? next = new BlockId(anchor.Number, anchor.Hash);
        while (next is { } from)
        {
            next = await Writer.RunAsync(w => w.RaiseRank(from, anchor.Rank, first, PageLength), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken) => number > NumberMax
        ? default
        : _readers.RunAsync(r => r.Get(number, rankMin), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken) =>
        _readers.RunAsync(r => r.Get(hash), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken) => number > NumberMax
        ? default
        : _readers.RunAsync(r => r.GetCanonical(number), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken) =>
        _readers.RunAsync(r => r.GetHead(rankMin), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(countMax);
        return TryClip(range, out BlockRange clipped)
            ? _readers.RunAsync(r => r.Read(clipped, rankMin, countMax, bytesMax, cancellationToken), cancellationToken)
            : new ValueTask<IReadOnlyList<StoredBlock>>([]);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Island>> GetIslandsAsync(
        BlockRange range, TrustRank rankMin, CancellationToken cancellationToken) => TryClip(range, out BlockRange clipped)
        ? _readers.RunAsync(r => r.GetIslands(clipped, rankMin, cancellationToken), cancellationToken)
        : new ValueTask<IReadOnlyList<Island>>([]);

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(CancellationToken cancellationToken) => _readers.RunAsync(r => r.Count(), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Commits every thousand heights; a full disk may refuse it, since the log needs room first.</remarks>
    public async ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken)
    {
        number = Math.Min(number, NumberMax);
        long deleted = 0;
        bool more = true;
        while (more)
        {
            (long count, more) = await Writer.RunAsync(w => w.PruneBelow(number, PageLength), cancellationToken)
                .ConfigureAwait(false);
            deleted += count;
        }
        await Writer.RunAsync(
            w =>
            {
                w.DropEmptyHashRuns();
                return 0;
            },
            cancellationToken).ConfigureAwait(false);
        return deleted;
    }

    /// <summary>Reads the whole file and checks its structure and the agreement of indices and blocks. Takes as long as reading
    /// all of it.</summary>
    /// <returns>What is wrong, or null.</returns>
    public ValueTask<string?> CheckIntegrityAsync(CancellationToken cancellationToken) =>
        _readers.RunAsync(r => r.CheckIntegrity(), cancellationToken);

    /// <summary>Finishes what was accepted and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        // The writer last: then it can empty the log into the database and remove it.
        await _readers.DisposeAsync().ConfigureAwait(false);
        if (_writer is not null) await _writer.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Opens an existing blocks.db.</summary>
    internal static SqliteBlockStore Open(string file, bool readOnly, StorageOptions options)
    {
        options.Validate();
        BlockWriter? writer = null;
        List<BlockReader> readers = [];
        try
        {
            if (!readOnly) writer = new BlockWriter(file, options);
            for (int i = 0; i < options.ReaderCount; i++) readers.Add(new BlockReader(file, options));
            ChainIdentity chain = readers[0].ReadIdentity();
            return new SqliteBlockStore(
                chain,
                writer is null ? null : new WorkerThreads<BlockWriter>("opsync-block-writer", [writer], options.QueueMax),
                new WorkerThreads<BlockReader>("opsync-block-reader", readers, options.QueueMax));
        }
        catch
        {
            foreach (BlockReader reader in readers) reader.Dispose();
            writer?.Dispose();
            throw;
        }
    }

    private WorkerThreads<BlockWriter> Writer =>
        _writer ?? throw new InvalidOperationException("The store was opened read-only.");

    private static bool TryClip(BlockRange range, out BlockRange clipped)
    {
        clipped = range.First > NumberMax ? default : new BlockRange(range.First, Math.Min(range.Last, NumberMax));
        return range.First <= NumberMax;
    }
}
