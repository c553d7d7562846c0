using Microsoft.Extensions.Logging;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Live;

/// <summary>Watches one subject while anybody does: asks the grains at a fixed pace, however many subscribe.</summary>
internal sealed class LiveFeed(LiveSubject subject, string epoch, LiveSource source, TimeProvider time, ILogger log)
{
    /// <summary>States of one subject: the open ranges of a few chains and the peers shown.</summary>
    private const int ThingsMax = 2_048;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PulsePeriod = TimeSpan.FromSeconds(15);

    /// <summary>Without subscribers it goes on for this long, so that who comes back misses nothing.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(30);

    private int _subscribers;
    private long _idleSince = time.GetTimestamp();

    public LiveLog Log { get; } = new(epoch, ThingsMax);

    /// <summary>Ends once nobody subscribes any more.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long pulsedAt = time.GetTimestamp();
        using PeriodicTimer timer = new(Period, time);
        do
        {
            if (HasSubscribers)
            {
                try
                {
                    await source.ReadAsync(subject, Log);
                }
                catch (Exception e) when (Absence.Is(e))
                {
                    Gateway.Log.FeedFailed(log, subject.ToString(), e);
                }

                if (time.GetElapsedTime(pulsedAt) >= PulsePeriod)
                {
                    pulsedAt = time.GetTimestamp();
                    Log.Pulse();
                }
            }
            else if (time.GetElapsedTime(Interlocked.Read(ref _idleSince)) > IdleMax)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>True while somebody watches.</summary>
    public bool HasSubscribers => Volatile.Read(ref _subscribers) > 0;

    /// <summary>True once it has failed: its subscribers are to come again.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Ends the feed for its subscribers.</summary>
    public void Fail()
    {
        HasFailed = true;
        Log.Pulse();
    }

    public void Enter() => Interlocked.Increment(ref _subscribers);

    public void Leave()
    {
        Interlocked.Exchange(ref _idleSince, time.GetTimestamp());
        Interlocked.Decrement(ref _subscribers);
    }
}
