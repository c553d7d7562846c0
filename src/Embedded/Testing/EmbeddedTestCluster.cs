using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Embedded.Engine;
using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Testing;

/// <summary>
/// A host with an embedded silo that a test can stop, kill and start again. References made by <see cref="Client"/> outlive
/// that.
/// </summary>
public sealed class EmbeddedTestCluster : IAsyncDisposable
{
    private readonly EmbeddedCluster _cluster = new();
    private readonly Func<EmbeddedCluster, IHost> _buildHost;
    private IHost? _host;

    internal EmbeddedTestCluster(Func<EmbeddedCluster, IHost> buildHost)
    {
        _buildHost = buildHost;
        Client = new GrainFactory(_cluster, new NoServices());
    }

    /// <summary>Calls grains from outside. While no silo runs, calls fail with <see cref="SiloUnavailableException"/>.</summary>
    public IClusterClient Client { get; }

    /// <summary>The same as <see cref="Client"/>.</summary>
    public IGrainFactory GrainFactory => Client;

    /// <summary>Services of the running host.</summary>
    public IServiceProvider Services => Host.Services;

    /// <summary>Grains active at this moment.</summary>
    public int ActiveGrains => Silo.ActiveGrains;

    private IHost Host => _host ?? throw new InvalidOperationException("The silo was stopped; start it first.");

    private EmbeddedSilo Silo => Host.Services.GetRequiredService<EmbeddedSilo>();

    /// <summary>Starts the silo after it was stopped or killed.</summary>
    public async Task StartSiloAsync()
    {
        if (_host is not null) throw new InvalidOperationException("The silo runs already.");
        _host = _buildHost(_cluster);
        await _host.StartAsync();
    }

    /// <summary>Stops the silo gracefully: all activations are told.</summary>
    public async Task StopSiloAsync()
    {
        IHost host = Host;
        _host = null;
        await host.StopAsync();
        await DisposeAsync(host);
    }

    /// <summary>
    /// Kills the silo: activations are abandoned in the middle of what they do and never told, pending calls fail with
    /// <see cref="SiloUnavailableException"/>. Then the host's services are disposed, so that files are free again.
    /// </summary>
    public async Task KillSiloAsync()
    {
        IHost host = Host;
        _host = null;
        host.Services.GetRequiredService<EmbeddedSilo>().Kill();
        try
        {
            await host.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // What the token asked for: no service is waited for.
        }

        await DisposeAsync(host);
    }

    /// <summary>Kills the silo, if it runs, and starts it again.</summary>
    public async Task RestartSiloAsync()
    {
        if (_host is not null) await KillSiloAsync();
        await StartSiloAsync();
    }

    /// <summary>
    /// Ends the activations of a grain and waits until they are gone. A grain without activation is left as it is.
    /// </summary>
    public Task DeactivateAsync(IAddressable grain) => Silo.DeactivateAsync(grain.GetGrainId());

    /// <summary>
    /// Looks for idle activations now instead of at the next
    /// <see cref="Orleans.Configuration.GrainCollectionOptions.CollectionQuantum"/>.
    /// </summary>
    public void CollectIdle() => Silo.CollectIdle();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await StopSiloAsync();
    }

    private static async Task DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private sealed class NoServices : IServiceProvider
    {
        /// <inheritdoc/>
        public object? GetService(Type serviceType) => null;
    }
}
