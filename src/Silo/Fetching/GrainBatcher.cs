using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpSync.Silo.Fetching;

/// <summary>Groups items per receiver, so that a receiver gets one call for many of them.</summary>
/// <remarks>
/// A lane sends one batch at a time, in order; while a call is under way the next batch fills. A call that fails is repeated a
/// few times and then dropped, and so is what finds its lane full: receivers have deadlines for what never arrives. Drops are
/// counted, and told in the log once a minute. A batch keeps its number when it is repeated, and
/// numbers rise, so that a receiver can count it once. Lanes exist only while they have items.
/// </remarks>
internal sealed class GrainBatcher<TKey, TItem>(
    Func<TKey, TItem[], long, Task> send, TimeProvider time, ILogger log)
    where TKey : notnull
{
    /// <summary>Items in one call (design section 5).</summary>
    public const int BatchMax = 64;

    /// <summary>Items waiting in one lane; more are dropped. Requests in flight are bounded far below.</summary>
    public const int LaneMax = 16_384;

    private const int TriesMax = 3;

    /// <summary>A batch that is not full waits this long for more (design section 5).</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TKey, Lane> _lanes = new();
    private readonly Lock _dropping = new();
    private long _sequence;
    private long _dropped;
    private long _droppedTold;
    private long? _toldAt;

    /// <summary>Items that never arrived, so far.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public void Post(TKey key, TItem item)
    {
        while (true)
        {
            Lane lane = _lanes.GetOrAdd(key, static _ => new Lane());
            lock (lane)
            {
                if (lane.Closed) continue;
                if (lane.Items.Count < LaneMax)
                {
                    lane.Items.Add(item);
                    if (lane.Running) return;
                    lane.Running = true;
                    Outside.Run(() => RunAsync(key, lane));
                    return;
                }
            }

            Drop(1);
            return;
        }
    }

    /// <summary>Waits until the lanes that exist now have delivered or given up.</summary>
    public Task DrainAsync() => Task.WhenAll(_lanes.Values.Select(lane => lane.Done.Task));

    private async Task RunAsync(TKey key, Lane lane)
    {
        while (true)
        {
            int waiting;
            lock (lane) waiting = lane.Items.Count;
            if (waiting < BatchMax) await Task.Delay(Linger, time).ConfigureAwait(false);

            TItem[] batch;
            lock (lane)
            {
                int count = Math.Min(lane.Items.Count, BatchMax);
                if (count == 0)
                {
                    lane.Closed = true;
                    _lanes.TryRemove(key, out _);
                    lane.Done.TrySetResult();
                    return;
                }

                batch = [.. lane.Items.GetRange(0, count)];
                lane.Items.RemoveRange(0, count);
            }

            await SendAsync(key, batch).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(TKey key, TItem[] batch)
    {
        long sequence = Interlocked.Increment(ref _sequence);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await send(key, batch, sequence).ConfigureAwait(false);
                return;
            }
            catch (Exception e)
            {
                // Whatever a grain answers, the lane goes on: receivers have deadlines for what never arrives.
                Log.DeliveryFailed(log, typeof(TItem).Name, attempt, e);
                if (attempt == TriesMax)
                {
                    Drop(batch.Length);
                    return;
                }
            }

            await Task.Delay(RetryAfter, time).ConfigureAwait(false);
        }
    }

    private void Drop(int count)
    {
        long untold;
        lock (_dropping)
        {
            _dropped += count;
            if (_toldAt is { } told && time.GetElapsedTime(told) < ToldAgainAfter) return;
            _toldAt = time.GetTimestamp();
            untold = _dropped - _droppedTold;
            _droppedTold = _dropped;
        }

        Log.ReportsDropped(log, typeof(TItem).Name, untold);
    }

    private sealed class Lane
    {
        public List<TItem> Items { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Running { get; set; }

        public bool Closed { get; set; }
    }
}
