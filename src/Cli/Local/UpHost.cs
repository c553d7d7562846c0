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

/// <summary>Silo and gateway in one process.</summary>
internal static class UpHost
{
    /// <summary>From the signal to the end of the process there are 10 s: what is under way ends, what was fetched is stored.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Runs until <paramref name="cancellationToken"/> says stop.</summary>
    public static async Task RunAsync(UpPlan plan, CancellationToken cancellationToken)
    {
        await using UpStores stores = await UpStores.OpenAsync(plan, cancellationToken);
        using PeerIdentity identity = IdentityFile.LoadOrCreate(plan.KeyFile);
        await using WebApplication app = Build(plan, stores, identity);
        await app.StartAsync(cancellationToken);
        await AnnounceAsync(app);
        await Task.WhenAny(Task.Delay(Timeout.Infinite, cancellationToken), stores.Lost);
        using CancellationTokenSource stop = new(StopTimeout);
        await app.StopAsync(stop.Token);
        if (stores.Lost.IsCompleted) throw new IOException("Another OpSync process took the database while it could not be reached; this one has stopped.");
    }

    private static WebApplication Build(UpPlan plan, UpStores stores, PeerIdentity identity)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "opsync" });
        builder.Logging.SetMinimumLevel(plan.LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        if (plan.JsonLogs) builder.Logging.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        else builder.Logging.AddSimpleConsole(o => (o.SingleLine, o.UseUtcTimestamp, o.TimestampFormat) = (true, true, "yyyy-MM-dd HH:mm:ss.fff "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTimeout);
        builder.AddOpSyncSilo(new SiloSettings
        {
            Chains = stores.Chains,
            State = stores.State,
            Identity = identity,
            Listen = plan.Listen,
            Peers = plan.Peers,
            Serve = plan.Serve,
            MemoryBudget = plan.MemoryBudget,
        });
        builder.AddOpSyncGateway(plan.Gateway);
        builder.Services.AddSingleton(plan);
        builder.Services.AddHostedService<PlanService>();
        return builder.Build().UseOpSyncGateway();
    }

    /// <summary>Where it can be reached, one address a line, for whoever started it.</summary>
    private static async Task AnnounceAsync(WebApplication app)
    {
        foreach (string address in app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            await Console.Out.WriteLineAsync(address);
        }

        foreach (Libp2p.Multiaddrs.Multiaddr address in app.Services.GetRequiredService<SiloAddresses>().Listen)
        {
            await Console.Out.WriteLineAsync(address.ToString());
        }

        await Console.Out.FlushAsync();
    }
}
