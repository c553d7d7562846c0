using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Codec.Primitives;
using OpSync.Contracts.Ranges;
using OpSync.Silo.Chains;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Silo.Storing;

/// <summary>The silo's one store writer: commits proven blocks in groups and acknowledges what is durable.</summary>
/// <remarks>Blocks stay here, accounted for, until their commit succeeds: a full disk stalls ranges and loses nothing.</remarks>
internal sealed class StoreWriter(
    ChainRegistry chains, IGrainFactory grains, IByteBudget budget, IOptions<StoreWriterOptions> options,
    StoreWriterFigures figures, TimeProvider time, ILogger<StoreWriter> log) : BackgroundService, IStoreQueue
{
    private static readonly ActivitySource Spans = new("OpSync.Silo");

    private readonly Channel<StoreJob> _queue = Channel.CreateBounded<StoreJob>(
        new BoundedChannelOptions(options.Value.QueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ConcurrentDictionary<(ulong ChainId, Hash32 Hash), TrustRank> _queued = new();   // with the highest rank it was promoted with
    private readonly ConcurrentDictionary<RangeKey, bool> _stalled = new();

    /// <inheritdoc/>
    public bool TryEnqueue(StoreJob job)
    {
        (ulong, Hash32) key = (job.ChainId, job.Item.Block.Hash);
        while (!_queued.TryAdd(key, job.Item.Rank))
        {
            if (!_queued.TryGetValue(key, out TrustRank known)) continue;
            if (known < job.Item.Rank && !_queued.TryUpdate(key, job.Item.Rank, known)) continue;

            // Another range promoted the same block a moment ago; this copy is dropped and the higher rank counts.
            // The acknowledgement of this range comes when it repeats the promotion and finds the block stored.
            budget.Return(job.Item.Block.Wire.Length, job.Urgent);
            return true;
        }

        if (_queue.Writer.TryWrite(job)) return true;
        _queued.TryRemove(key, out _);
        return false;
    }

    /// <inheritdoc/>
    public bool IsQueued(ulong chainId, Hash32 hash) => _queued.ContainsKey((chainId, hash));

    /// <summary>Stops taking blocks and waits until everything taken is durable.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        if (ExecuteTask is { } running) await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => RunAsync(stoppingToken), CancellationToken.None);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        List<StoreJob> group = [];
        try
        {
            while (await _queue.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                await GatherAsync(group).ConfigureAwait(false);
                foreach (IGrouping<ulong, StoreJob> chain in group.GroupBy(j => j.ChainId))
                {
                    await CommitGuardedAsync(chain.Key, [.. chain], stoppingToken).ConfigureAwait(false);
                }

                group.Clear();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Nothing queued was acknowledged, so nothing acknowledged is lost.
        }
    }

    /// <summary>Takes what is there, then lingers for more within the limits.</summary>
    private async Task GatherAsync(List<StoreJob> group)
    {
        StoreWriterOptions limits = options.Value;
        long first = time.GetTimestamp();
        long bytes = 0;
        while (true)
        {
            int before = group.Count;
            while (group.Count < limits.GroupBlocksMax && bytes < limits.GroupBytesMax && _queue.Reader.TryRead(out StoreJob? job))
            {
                group.Add(job);
                bytes += job.Item.Block.Wire.Length;
            }

            if (group.Count >= limits.GroupBlocksWanted || bytes >= limits.GroupBytesMax) return;
            TimeSpan waited = time.GetElapsedTime(first);
            bool coming = group.Count > before;
            if (waited >= limits.LingerMax || (!coming && waited >= limits.Linger) || _queue.Reader.Completion.IsCompleted) return;
            await Task.Delay(limits.Linger, time).ConfigureAwait(false);
        }
    }

    private async Task CommitGuardedAsync(ulong chainId, StoreJob[] jobs, CancellationToken stoppingToken)
    {
        try
        {
            await CommitAsync(chainId, jobs, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A group that the store refuses as such is dropped: its ranges repeat their promotions, find nothing and fetch again.
            Log.HandOverFailed(log, e);
            foreach (StoreJob job in jobs)
            {
                budget.Return(job.Item.Block.Wire.Length, job.Urgent);
                _queued.TryRemove((chainId, job.Item.Block.Hash), out _);
            }
        }
    }

    private async Task CommitAsync(ulong chainId, StoreJob[] jobs, CancellationToken stoppingToken)
    {
        using Activity? span = Spans.StartActivity("store.commit")?.SetTag("opsync.chain", (long)chainId).SetTag("opsync.blocks", jobs.Length);
        IReadOnlyList<AppendResult> results = await AppendAsync(chainId, jobs, Array.ConvertAll(jobs, j => Ranked(chainId, j.Item)), stoppingToken).ConfigureAwait(false);
        figures.Commits++;
        figures.Blocks += jobs.Length;
        figures.FirstCommitAt ??= time.GetUtcNow();
        for (int i = 0; i < jobs.Length; i++)
        {
            budget.Return(jobs[i].Item.Block.Wire.Length, jobs[i].Urgent);
            if (results[i].Replaced is { } replaced) Log.Repointed(log, results[i].Block.Number, replaced, results[i].Block.Hash);
        }

        foreach (IGrouping<RangeKey?, (StoreJob Job, AppendResult Result)> range in jobs.Zip(results).GroupBy(p => p.First.Range))
        {
            if (range.Key is not { } key) continue;
            AckInfo[] acks = [.. range.Select(p => new AckInfo(p.Result.Block, p.Result.Conflict))];
            _ = AcknowledgeAsync(key, new AckBatch(acks));
        }

        if (_stalled.IsEmpty) return;
        Log.StoreResumed(log);
        await TellStateAsync([], null).ConfigureAwait(false);
    }

    /// <summary>Appends until the store has taken all of it, each block with the highest rank it was promoted with meanwhile.</summary>
    private async Task<IReadOnlyList<AppendResult>> AppendAsync(ulong chainId, StoreJob[] jobs, AppendItem[] items, CancellationToken stoppingToken)
    {
        IBlockStore store = chains.Get(chainId).Store;
        IReadOnlyList<AppendResult>? results = null;
        while (items.Length > 0)
        {
            try
            {
                IReadOnlyList<AppendResult> appended = await store.AppendAsync(items, stoppingToken).ConfigureAwait(false);
                results ??= appended;
            }
            catch (IOException e)
            {
                Log.StoreStalled(log, e.Message);
                await TellStateAsync(jobs, e.Message).ConfigureAwait(false);
                await Task.Delay(options.Value.RetryAfter, time, stoppingToken).ConfigureAwait(false);
                continue;
            }

            items = Raised(chainId, items);
        }

        return results!;
    }

    /// <summary>Ends what is durable; gives back what was promoted with a higher rank since.</summary>
    private AppendItem[] Raised(ulong chainId, AppendItem[] durable)
    {
        List<AppendItem> raised = [];
        foreach (AppendItem item in durable)
        {
            (ulong, Hash32) key = (chainId, item.Block.Hash);
            while (_queued.TryGetValue(key, out TrustRank rank))
            {
                if (rank > item.Rank) raised.Add(item with { Rank = rank });
                else if (!_queued.TryRemove(new(key, rank))) continue;
                break;
            }
        }

        return [.. raised];
    }

    private AppendItem Ranked(ulong chainId, AppendItem item) =>
        _queued.TryGetValue((chainId, item.Block.Hash), out TrustRank rank) ? item with { Rank = rank } : item;

    /// <summary>A lost acknowledgement is made up for by the range, which repeats its promotion and finds the block stored.</summary>
    private async Task AcknowledgeAsync(RangeKey range, AckBatch acks)
    {
        try
        {
            await grains.GetRange(range.ChainId, range.RangeId).Acknowledge(acks).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Log.DeliveryFailed(log, nameof(AckInfo), 1, e);
        }
    }

    private async Task TellStateAsync(StoreJob[] jobs, string? problem)
    {
        foreach (StoreJob job in jobs)
        {
            if (job.Range is { } waiting) _stalled.TryAdd(waiting, true);
        }

        foreach (RangeKey range in _stalled.Keys)
        {
            try
            {
                await grains.GetRange(range.ChainId, range.RangeId).StoreChanged(problem).ConfigureAwait(false);
                if (problem is null) _stalled.TryRemove(range, out _);
            }
            catch (Exception e)
            {
                Log.DeliveryFailed(log, nameof(StoreJob), 1, e);
            }
        }
    }
}
