using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Configuration;
using OpSync.Gateway.Hosting;
using OpSync.Libp2p.Identity;
using OpSync.Silo.Hosting;

namespace OpSync.Cli.Local;

/// <summary>The process of <c>opsync up</c>, <c>silo</c> and <c>gateway</c>.</summary>
internal static class UpHost
{
    /// <summary>From the signal to the end of the process there are 10 s: what is under way ends, what was fetched is stored.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Runs until <paramref name="cancellationToken"/> says stop.</summary>
    public static async Task RunAsync(UpPlan plan, CancellationToken cancellationToken)
    {
        await using UpStores? stores = plan.Role == Role.Gateway ? null : await UpStores.OpenAsync(plan, cancellationToken);
        using FileStream? hold = plan.Role == Role.Silo && !plan.HasKeyDir ? HoldIdentity(plan) : null;
        using PeerIdentity? identity = stores is null ? null : LoadIdentity(plan);
        await using WebApplication app = Build(plan, stores, identity);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await StopAsync(app);   // what has started ends as it would later
            return;
        }

        await AnnounceAsync(app);
        Task lost = stores?.Lost ?? Task.Delay(Timeout.Infinite, cancellationToken);
        await Task.WhenAny(Task.Delay(Timeout.Infinite, cancellationToken), lost);
        await StopAsync(app);
        if (lost.IsCompletedSuccessfully) throw new IOException("Another OpSync process took the database while it could not be reached; this one has stopped.");
    }

    private static async Task StopAsync(WebApplication app)
    {
        using CancellationTokenSource stop = new(StopTimeout);
        await app.StopAsync(stop.Token);
    }

    /// <summary>Two silos with one identity would take each other's connections. Nothing else keeps them apart on one machine.</summary>
    private static FileStream HoldIdentity(UpPlan plan)
    {
        string path = plan.KeyFile + ".lock";
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"The identity {plan.KeyFile} is in use by another silo. Give each silo a key of its own: --p2p-key, --p2p-key-dir or --data-dir.", e);
        }
    }

    /// <summary>A key of the cluster's is made with care and kept; only a process that looks after itself makes one.</summary>
    private static PeerIdentity LoadIdentity(UpPlan plan) => plan.HasKeyDir ? IdentityFile.Load(plan.KeyFile) : IdentityFile.LoadOrCreate(plan.KeyFile);

    /// <summary>The host of a plan, over what it keeps; a gateway keeps nothing and has no identity.</summary>
    internal static WebApplication Build(UpPlan plan, UpStores? stores, PeerIdentity? identity)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "opsync" });
        builder.Logging.SetMinimumLevel(plan.LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Orleans", LogLevel.Warning)
            .AddFilter("Orleans.Runtime.Silo", LogLevel.Error);   // at each start it recommends a garbage collector that takes much more memory
        if (plan.JsonLogs) builder.Logging.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        else builder.Logging.AddSimpleConsole(o => (o.SingleLine, o.UseUtcTimestamp, o.TimestampFormat) = (true, true, "yyyy-MM-dd HH:mm:ss.fff "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTimeout);
        if (stores is not null)
        {
            builder.AddOpSyncSilo(new SiloSettings
            {
                Chains = stores.Chains,
                State = stores.State,
                Identity = identity!,
                Cluster = plan.Cluster is { } cluster ? SiloPart(cluster, plan) : null,
                Listen = plan.Listen,
                Allow = plan.Allow,
                Block = plan.Block,
                AllowOnly = plan.AllowOnly,
                Peers = plan.Peers,
                Serve = plan.Serve,
                MemoryBudget = plan.MemoryBudget,
            });
        }

        if (plan.Gateway is { } gateway)
        {
            builder.AddOpSyncGateway(stores is null ? gateway with { Cluster = GatewayPart(plan.Cluster!, plan) } : gateway);
        }
        else
        {
            builder.AddSiloDoor(plan);
        }

        if (stores is not null)
        {
            builder.Services.AddSingleton(plan);
            builder.Services.AddHostedService<PlanService>();
        }

        WebApplication app = builder.Build();
        return plan.Gateway is null ? app.UseSiloDoor() : app.UseOpSyncGateway();
    }

    private static SiloCluster SiloPart(ClusterPlan cluster, UpPlan plan) => new()
    {
        ClusterId = cluster.ClusterId,
        ServiceId = cluster.ServiceId,
        SiloName = cluster.SiloName,
        ConnectionString = plan.Postgres!.ConnectionString,
        Address = cluster.Address,
        SiloPort = cluster.SiloPort,
        GatewayPort = cluster.GatewayPort,
        FastFailover = cluster.FastFailover,
        IsInKubernetes = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is not null,
    };

    private static GatewayCluster GatewayPart(ClusterPlan cluster, UpPlan plan) => new()
    {
        ClusterId = cluster.ClusterId,
        ServiceId = cluster.ServiceId,
        ConnectionString = plan.Postgres!.ConnectionString,
        FastFailover = cluster.FastFailover,
    };

    /// <summary>Where it can be reached, one address a line, for whoever started it.</summary>
    private static async Task AnnounceAsync(WebApplication app)
    {
        foreach (string address in app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            await Console.Out.WriteLineAsync(address);
        }

        foreach (Libp2p.Multiaddrs.Multiaddr address in app.Services.GetService<SiloAddresses>()?.Listen ?? [])
        {
            await Console.Out.WriteLineAsync(address.ToString());
        }

        await Console.Out.FlushAsync();
    }
}
