using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Peers;
using OpSync.Contracts.Ranges;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Chains;
using OpSync.Silo.Hosting;
using OpSync.Silo.Storing;
using OpSync.Storage;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Local;

/// <summary>Fills one range with a silo of its own in this process.</summary>
internal sealed class SyncSession(ChainSpec chain, DataDirectory store, PeerIdentity identity, SyncPlan plan)
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>A range that stores nothing for this long, for a reason that waiting does not cure, is given up.</summary>
    private static readonly TimeSpan StallPatience = TimeSpan.FromSeconds(60);

    /// <summary>Runs until the range ends, the deadline passes, or <paramref name="cancellationToken"/> says stop.</summary>
    public async Task<SyncOutcome> RunAsync(Action<RangeReport, TimeSpan> progress, CancellationToken cancellationToken)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(plan.LogLevel).AddProvider(new StderrLoggerProvider(plan.LogLevel));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(8));
        builder.AddOpSyncSilo(new SiloSettings
        {
            Chains = [new ServedChain(chain, store.Blocks)],
            State = store.State,
            Identity = identity,
            Peers = plan.Peers,
            Links = plan.Links,
            MemoryBudget = plan.MemoryBudget,
        });
        using IHost host = builder.Build();
        await host.StartAsync(cancellationToken);
        SyncOutcome outcome;
        try
        {
            outcome = await FillAsync(host.Services.GetRequiredService<IGrainFactory>(), progress, cancellationToken);
        }
        catch
        {
            try
            {
                await host.StopAsync(CancellationToken.None);
            }
            catch (Exception)
            {
                // What failed first says more.
            }

            throw;
        }

        await host.StopAsync(CancellationToken.None);
        StoreWriterFigures figures = host.Services.GetRequiredService<StoreWriterFigures>();
        using Process self = Process.GetCurrentProcess();
        double first = figures.FirstCommitAt is { } at ? (at - self.StartTime.ToUniversalTime()).TotalSeconds : 0;
        return outcome with { Commits = figures.Commits, SecondsToFirstBlock = first };
    }

    private async Task<SyncOutcome> FillAsync(IGrainFactory grains, Action<RangeReport, TimeSpan> progress, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        Dictionary<string, PeerReport> before = [];
        foreach (IGrouping<PeerId, Multiaddr> peer in plan.Addresses.GroupBy(a => a.PeerId!))
        {
            string id = peer.Key.ToString();
            before[id] = await grains.GetPeer(id).Configure(new PeerSetup(chain.ChainId, [.. peer.Select(a => a.ToString())], Configured: true));
        }

        // Peers of earlier runs on this directory are asked too, and are named with the others.
        ChainReport known = await grains.GetChain(chain.ChainId).GetReport();
        foreach (string id in known.PeerIds) before.TryAdd(id, await grains.GetPeer(id).GetReport());

        RangePosted posted = await grains.GetChain(chain.ChainId).PostRange(
            new RangePost(plan.First, plan.Last, plan.Anchor, (byte)TrustRank.Configured, null, 0));
        if (posted.RangeId is null) throw new IOException(posted.Refusal ?? "The range was refused.");

        // One range at a time here: one that an earlier run left open would keep heights for itself.
        foreach (string id in known.RangeIds)
        {
            if (id != posted.RangeId) await grains.GetChain(chain.ChainId).CancelRange(id);
        }

        ISyncRangeGrain range = grains.GetRange(chain.ChainId, posted.RangeId);
        RangeReport report = await range.GetReport();
        ulong storedBefore = report.Stored;
        (ulong Stored, ulong? Cursor) last = (report.Stored, report.Cursor);
        TimeSpan movedAt = TimeSpan.Zero;
        bool stopped = false;
        while (!HasEnded(report.State))
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            if ((report.Stored, report.Cursor) != last) (last, movedAt) = ((report.Stored, report.Cursor), elapsed);
            progress(report, elapsed);
            if (cancellationToken.IsCancellationRequested || elapsed >= (plan.Timeout ?? TimeSpan.MaxValue)
                || (plan.Timeout is null && elapsed - movedAt >= StallPatience))
            {
                stopped = true;
                break;
            }

            await Task.Delay(PollPeriod, CancellationToken.None);
            report = await range.GetReport();
        }

        TimeSpan total = Stopwatch.GetElapsedTime(started);
        progress(report, total);
        List<PeerReport> peers = [];
        foreach ((string id, PeerReport earlier) in before) peers.Add(Since(earlier, await grains.GetPeer(id).GetReport()));
        return new SyncOutcome(report, peers, total, storedBefore, stopped) { Interrupted = cancellationToken.IsCancellationRequested };
    }

    /// <summary>Counters outlive a run; what is printed is this run's.</summary>
    private static PeerReport Since(PeerReport earlier, PeerReport now) => now with
    {
        Requests = now.Requests - earlier.Requests,
        Ok = now.Ok - earlier.Ok,
        NotFound = now.NotFound - earlier.NotFound,
        RateLimited = now.RateLimited - earlier.RateLimited,
        Timeouts = now.Timeouts - earlier.Timeouts,
        Failed = now.Failed - earlier.Failed,
        Malformed = now.Malformed - earlier.Malformed,
        Rejected = now.Rejected - earlier.Rejected,
    };

    private static bool HasEnded(RangeState state) => state >= RangeState.Complete;
}
