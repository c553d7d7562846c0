using System.Diagnostics;
using Npgsql;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Storage.Postgres;

/// <summary>Blocks of one chain in PostgreSQL. Opened through <see cref="PostgresDatabase"/>, whose connections it uses.</summary>
/// <remarks>Thread-safe. This process writes one group at a time; other processes may write to the same chain beside it. A group whose
/// connection breaks is stored again from its start: blocks that were committed the first time then count as stored before.</remarks>
public sealed class PostgresBlockStore : IBlockStore
{
    /// <summary>Heights touched by one commit of a long-running change, so that appends get their turn between.</summary>
    private const int PageLength = 1_024;

    /// <summary>Pages that may vanish under one append before it fails.</summary>
    private const int PageTries = 8;

    /// <summary>Highest number that a signed key can hold; no chain comes near it.</summary>
    private const ulong NumberMax = long.MaxValue;

    private readonly PostgresDatabase _database;
    private readonly PostgresPages _pages;
    private readonly long _chain;
    private readonly SemaphoreSlim _writeGate = new(1);
    private volatile bool _disposed;

    private PostgresBlockStore(PostgresDatabase database, ChainIdentity chain, PostgresPages pages)
    {
        _database = database;
        _pages = pages;
        _chain = unchecked((long)chain.ChainId);
        ChainId = chain.ChainId;
        GenesisHash = chain.GenesisHash;
    }

    /// <inheritdoc/>
    public ulong ChainId { get; }

    /// <inheritdoc/>
    public Hash32 GenesisHash { get; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">An item is malformed, or has rank <see cref="TrustRank.None"/>, or there are more than
    /// 4,096.</exception>
    /// <exception cref="StoreFullException">The server's disk is full; nothing of the group was stored.</exception>
    /// <exception cref="StoreUnavailableException">The server cannot be reached; the group may have been stored or not.</exception>
    public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(
        IReadOnlyList<AppendItem> items, CancellationToken cancellationToken)
    {
        AppendRules.Validate(items);
        if (items.Count == 0) return [];
        AppendGroup group = new(items);
        long started = Stopwatch.GetTimestamp();
        AppendResult[] results = await WriteAsync(connection => AppendAsync(connection, group), cancellationToken).ConfigureAwait(false);
        StorageMetrics.CommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        return results;
    }

    /// <inheritdoc/>
    public async ValueTask RaiseRankAsync(Anchor anchor, ulong first, CancellationToken cancellationToken)
    {
        if (anchor.Number > NumberMax || first > anchor.Number) return;
        BlockId? next = new BlockId(anchor.Number, anchor.Hash);
        while (next is { } from)
        {
            next = await WriteAsync(
                connection => PostgresBlockWriter.RaiseRankAsync(connection, _chain, from, anchor.Rank, first, PageLength), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<StoredBlock?> GetAsync(ulong number, TrustRank rankMin, CancellationToken cancellationToken) => number > NumberMax
        ? null
        : await ReadAsync(c => PostgresBlockReader.GetAsync(c, _chain, number, rankMin), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<StoredBlock?> GetAsync(Hash32 hash, CancellationToken cancellationToken) =>
        await ReadAsync(c => PostgresBlockReader.GetAsync(c, _chain, _pages, hash), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<CanonicalEntry?> GetCanonicalAsync(ulong number, CancellationToken cancellationToken) => number > NumberMax
        ? null
        : await ReadAsync(c => PostgresBlockReader.GetCanonicalAsync(c, _chain, number), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<BlockId?> GetHeadAsync(TrustRank rankMin, CancellationToken cancellationToken) =>
        await ReadAsync(c => PostgresBlockReader.GetHeadAsync(c, _chain, rankMin), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredBlock>> ReadAsync(
        BlockRange range, TrustRank rankMin, int countMax, long bytesMax, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(countMax);
        return TryClip(range, out BlockRange clipped)
            ? await ReadAsync(c => PostgresBlockReader.ReadAsync(c, _chain, clipped, rankMin, countMax, bytesMax), cancellationToken).ConfigureAwait(false)
            : [];
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Island>> GetIslandsAsync(
        BlockRange range, TrustRank rankMin, CancellationToken cancellationToken) => TryClip(range, out BlockRange clipped)
        ? await ReadAsync(c => PostgresBlockReader.GetIslandsAsync(c, _chain, clipped, rankMin, cancellationToken), cancellationToken).ConfigureAwait(false)
        : [];

    /// <inheritdoc/>
    public async ValueTask<long> CountAsync(CancellationToken cancellationToken) =>
        await ReadAsync(c => PostgresBlockReader.CountAsync(c, _chain), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <remarks>Pages that lie below the height as a whole are dropped, which gives their disk space back at once; what others hold on
    /// to, and the rest, is deleted a thousand heights at a time.</remarks>
    public async ValueTask<long> PruneBelowAsync(ulong number, CancellationToken cancellationToken)
    {
        long end = (long)Math.Min(number, NumberMax), deleted = 0;
        IReadOnlyList<long> pages = await ReadAsync(_pages.ListAsync, cancellationToken).ConfigureAwait(false);
        foreach (long page in pages.Where(p => _pages.LastOf(p) < end))
        {
            deleted += await WriteAsync(connection => _pages.TryDropAsync(connection, page), cancellationToken).ConfigureAwait(false) ?? 0;
        }
        bool more = true;
        while (more)
        {
            (long count, more) = await WriteAsync(
                connection => PostgresBlockWriter.DeleteBelowAsync(connection, _chain, end, PageLength), cancellationToken).ConfigureAwait(false);
            deleted += count;
        }
        return deleted;
    }

    /// <summary>Refuses calls from now on. The connections belong to the database.</summary>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    internal static async Task<PostgresBlockStore> OpenAsync(PostgresDatabase database, ChainIdentity chain, CancellationToken cancellationToken)
    {
        PostgresPages pages = await database.RunAsync(
            database.StateGate, connection => PostgresPages.BindAsync(connection, chain, database.PageLength), cancellationToken).ConfigureAwait(false);
        return new PostgresBlockStore(database, chain, pages);
    }

    private async Task<AppendResult[]> AppendAsync(NpgsqlConnection connection, AppendGroup group)
    {
        for (int attempt = 1; ; attempt++)
        {
            await _pages.EnsureAsync(connection, group.Claims.Select(c => c.Block.Number)).ConfigureAwait(false);
            try
            {
                return await PostgresBlockWriter.AppendAsync(connection, _chain, group).ConfigureAwait(false);
            }
            catch (NpgsqlException e) when (PostgresFaults.IsPageGone(e) && attempt < PageTries)
            {
                _pages.Forget();
            }
        }
    }

    private Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _database.RunAsync(_database.ReadGate, read, cancellationToken);
    }

    private Task<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> write, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _database.RunAsync(_writeGate, write, cancellationToken);
    }

    private static bool TryClip(BlockRange range, out BlockRange clipped)
    {
        clipped = range.First > NumberMax ? default : new BlockRange(range.First, Math.Min(range.Last, NumberMax));
        return range.First <= NumberMax;
    }
}
