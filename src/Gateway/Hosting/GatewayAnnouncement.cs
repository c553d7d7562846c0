using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpSync.Gateway.Hosting;

/// <summary>Says where the gateway listens and who may use it.</summary>
internal sealed class GatewayAnnouncement(GatewaySettings settings, IServer server, ILogger<GatewayAnnouncement> log) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (string address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []) Log.Listening(log, address);
        if (!settings.HasCredentials) Log.NoToken(log);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
