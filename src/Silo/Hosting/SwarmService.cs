using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Silo.Peering;
using OpSync.Silo.Serving;
using OpSync.Sync.Ports;

namespace OpSync.Silo.Hosting;

/// <summary>Starts the silo's one swarm once the grains can be called, and wakes the ranges that a former process left open.</summary>
internal sealed class SwarmService(
    SiloSettings settings, SwarmHolder holder, AccessList access, ClusterAccess clusterAccess, PeerLinks links, Fetcher fetcher, Verifier verifier, FetchReports reports, IByteBudget budget,
    ServeProtocol serve, ChainRegistry chains, ChainPokes pokes, IGrainFactory grains, TimeProvider time, ILogger<SwarmService> log) : IHostedService
{
    /// <summary>Bans are restored this many at a time.</summary>
    private const int RestoredAtOnce = 64;

    /// <summary>Longest wait for one call at the start.</summary>
    private static readonly TimeSpan StartWait = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait at the stop for the answers to what was asked, and for those of others where one brought nothing.</summary>
    private static readonly TimeSpan ArrivalMax = TimeSpan.FromSeconds(3);

    /// <summary>What is missing is not asked for any more, once nothing has been open for this long: ranges let a peer that was not asked
    /// rest for half a second, and meanwhile it may be the only one to ask.</summary>
    private static readonly TimeSpan ArrivedAfter = TimeSpan.FromMilliseconds(700);

    /// <summary>Longest wait for reports to be delivered at the stop.</summary>
    private static readonly TimeSpan StopWait = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait for what the reports link to reach the store writer.</summary>
    private static readonly TimeSpan SettleMax = TimeSpan.FromSeconds(1);

    /// <summary>It has, once the accounted bytes have stayed the same for this long: twice the pause between two looks of a range, and then
    /// some.</summary>
    private static readonly TimeSpan SettledAfter = TimeSpan.FromMilliseconds(150);

    /// <summary>Pause between two looks at the accounted bytes.</summary>
    private static readonly TimeSpan SettleStep = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await JoinAsync(cancellationToken).ConfigureAwait(false);
        Swarm swarm = new(new SwarmOptions(), settings.Identity, log, time, links, access);
        serve.Register(swarm);
        foreach (Multiaddr address in settings.Listen) await swarm.ListenAsync(address, cancellationToken).ConfigureAwait(false);
        holder.Set(swarm);
        clusterAccess.Begin();
        pokes.Begin();
    }

    /// <summary>Learns whom the cluster keeps out, tells the chains of this silo, and wakes the peers that were banned when a former process ended,
    /// who are dialled again when that is over: before anybody can connect.</summary>
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await clusterAccess.TryRefreshAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (ulong chain in chains.ChainIds)
            {
                await pokes.JoinAsync(chain).WaitAsync(StartWait, time, cancellationToken).ConfigureAwait(false);
                ChainReport report = await grains.GetChain(chain).GetReport().WaitAsync(StartWait, time, cancellationToken).ConfigureAwait(false);
                foreach (string[] some in report.BannedPeerIds.Chunk(RestoredAtOnce))
                {
                    await Task.WhenAll(some.Select(id => grains.GetPeer(id).GetReport()))
                        .WaitAsync(StartWait, time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is TimeoutException or OrleansException or IOException or DbException or InvalidOperationException)
        {
            // A ban that cannot be read now must not keep the silo from starting; it is in force as soon as its peer is asked.
            Log.DeliveryFailed(log, nameof(IPeerGrain), 1, e);
        }
    }

    /// <summary>Asks for nothing below what it asked for; what peers are answering is waited for, linked and handed to the store writer while
    /// the grains still listen: it would be fetched again.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        links.Close();
        await ArriveAsync(cancellationToken).ConfigureAwait(false);
        links.Stop();

        // Nothing new ends from here on; what did end is told.
        await WithinAsync(TellAsync(), StopWait, cancellationToken).ConfigureAwait(false);
        await SettleAsync(cancellationToken).ConfigureAwait(false);
        await clusterAccess.StopAsync().ConfigureAwait(false);
        if (holder.IsReady) await holder.Value.DisposeAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits for what was asked, and for what is asked of another because a peer failed to give it: without it nothing below can be
    /// linked.</summary>
    private async Task ArriveAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp(), moved = begun;
        (int Open, long Used) last = (fetcher.Open, budget.Used);
        while (last != (0, 0) && (last.Open > 0 || time.GetElapsedTime(moved) < ArrivedAfter) && time.GetElapsedTime(begun) < ArrivalMax
            && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(SettleStep, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if ((fetcher.Open, budget.Used) is var now && now == last) continue;
            last = now;
            moved = time.GetTimestamp();
        }
    }

    private async Task TellAsync()
    {
        await fetcher.StopAsync().ConfigureAwait(false);
        await verifier.DrainAsync().ConfigureAwait(false);
        await reports.DrainAsync().ConfigureAwait(false);
    }

    /// <summary>Waits while ranges promote what has come: quarantine and store writer account for it. What stays, nothing links.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp(), moved = begun, used = budget.Used;
        while (used > 0 && time.GetElapsedTime(moved) < SettledAfter && time.GetElapsedTime(begun) < SettleMax && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(SettleStep, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (budget.Used == used) continue;
            used = budget.Used;
            moved = time.GetTimestamp();
        }
    }

    private Task WithinAsync(Task work, TimeSpan max, CancellationToken cancellationToken) => Task.WhenAny(work, Task.Delay(max, time, cancellationToken));
}
