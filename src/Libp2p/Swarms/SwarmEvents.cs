using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace OpSync.Libp2p.Swarms;

/// <summary>Carries news to the observer one at a time and in order. When <see cref="PendingMax"/> wait, those who bring more
/// wait as well: connections come and go more slowly then, nothing is lost.</summary>
internal sealed class SwarmEvents
{
    private const int PendingMax = 1024;

    private readonly Channel<Action<ISwarmObserver>> _pending =
        Channel.CreateBounded<Action<ISwarmObserver>>(new BoundedChannelOptions(PendingMax) { SingleReader = true });

    private readonly ISwarmObserver? _observer;
    private readonly Task _pump;

    public SwarmEvents(ISwarmObserver? observer, ILogger logger)
    {
        _observer = observer;
        _pump = observer is null ? Task.CompletedTask : PumpAsync(observer, logger);
    }

    public ValueTask PostAsync(Action<ISwarmObserver> news) => _observer is null ? default : _pending.Writer.WriteAsync(news);

    /// <summary>Delivers what waits, then ends.</summary>
    public async ValueTask CompleteAsync()
    {
        _pending.Writer.TryComplete();
        await _pump;
    }

    private async Task PumpAsync(ISwarmObserver observer, ILogger logger)
    {
        await foreach (Action<ISwarmObserver> news in _pending.Reader.ReadAllAsync())
        {
            try
            {
                news(observer);
            }
#pragma warning disable CA1031 // the observer is foreign code: one failed delivery must not end the next
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.ObserverFailed(logger, e);
            }
        }
    }
}
