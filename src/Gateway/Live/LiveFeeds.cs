using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Live;

/// <summary>The feeds that anybody watches, and the places of those who do.</summary>
internal sealed class LiveFeeds(
    GatewayLimits limits, LiveSource source, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LiveFeeds> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LiveSubject, LiveFeed> _feeds = [];
    private readonly CallerSlots _slots = new(limits.SubscribersMax, limits.CallerSubscribersMax);

    /// <summary>Names this life of the process in event ids; the number behind it names the life of a feed.</summary>
    private readonly string _epoch = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    private long _feedNumber;

    /// <summary>Subscribers now.</summary>
    public int Subscribers => _slots.Used;

    /// <summary>Feeds now.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _feeds.Count;
        }
    }

    /// <summary>Takes a place at a feed; the caller gives it back with <see cref="Leave"/>. At most one feed per subscriber.</summary>
    public CallerSlots.Verdict TryEnter(Caller caller, LiveSubject subject, out LiveFeed? feed)
    {
        feed = null;
        CallerSlots.Verdict verdict = _slots.TryTake(caller);
        if (verdict != CallerSlots.Verdict.Taken) return verdict;
        lock (_lock)
        {
            if (!_feeds.TryGetValue(subject, out feed))
            {
                feed = new LiveFeed(subject, string.Create(CultureInfo.InvariantCulture, $"{_epoch}.{++_feedNumber}"), source, time, log);
                _feeds[subject] = feed;
                LiveFeed fresh = feed;
                _ = Task.Run(() => RunAsync(subject, fresh));
            }

            feed.Enter();
        }

        return verdict;
    }

    public void Leave(Caller caller, LiveFeed feed)
    {
        feed.Leave();
        _slots.Return(caller);
    }

    private async Task RunAsync(LiveSubject subject, LiveFeed feed)
    {
        try
        {
            while (!lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await feed.RunAsync(lifetime.ApplicationStopping);
                lock (_lock)
                {
                    if (feed.HasSubscribers) continue;
                    _feeds.Remove(subject);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
        catch (Exception e)
        {
            // A fault of this code ends the feed and its streams; the subscribers come again.
            Log.FeedFailed(log, subject.ToString(), e);
            lock (_lock) _feeds.Remove(subject);
            feed.Fail();
        }
    }
}
