using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpSync.Contracts.Reading;
using OpSync.Silo.Chains;
using OpSync.Silo.Peering;

namespace OpSync.Silo.Hosting;

/// <summary>How a silo is, for those who run it. Thread-safe.</summary>
public sealed class SiloHealth
{
    private static readonly TimeSpan AliveTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(3);

    private readonly ChainRegistry _chains;
    private readonly IServiceProvider _services;
    private readonly SwarmHolder _swarm;
    private readonly SiloSettings _settings;
    private readonly IGrainFactory _grains;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;

    internal SiloHealth(IServiceProvider services)
    {
        _services = services;
        _chains = services.GetRequiredService<ChainRegistry>();
        _swarm = services.GetRequiredService<SwarmHolder>();
        _settings = services.GetRequiredService<SiloSettings>();
        _grains = services.GetRequiredService<IGrainFactory>();
        _lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        _time = services.GetRequiredService<TimeProvider>();
    }

    /// <summary>Why a restart would help, or nothing: this silo's own grains carry out calls. Neither the store nor other silos matter.</summary>
    public async Task<IReadOnlyList<string>> CheckAliveAsync() =>
        _chains.ChainIds.Take(1).ToArray() is [ulong chain] && await ProbeAsync(_grains.GetReader(chain).Ping, AliveTimeout).ConfigureAwait(false) is { } problem
            ? [$"the grains: {problem}"]
            : [];

    /// <summary>Why this silo should get no work, or nothing: it is a member of its cluster, its swarm listens, every store answers.</summary>
    public async Task<IReadOnlyList<string>> CheckReadyAsync()
    {
        List<string> problems = [];
        if (_lifetime.ApplicationStopping.IsCancellationRequested) problems.Add("stopping");
        if (SiloEngine.MembershipProblem(_services) is { } outside) problems.Add(outside);
        if (!_swarm.IsReady) problems.Add("the swarm has not started");
        else if (_swarm.Value.ListenAddresses.Count() < _settings.Listen.Count) problems.Add("the swarm does not listen");
        string?[] stores = await Task.WhenAll(_chains.Chains.Select(CheckStoreAsync)).ConfigureAwait(false);
        return [.. problems, .. stores.OfType<string>()];
    }

    private async Task<string?> CheckStoreAsync(ServedChain chain)
    {
        string? problem = await ProbeAsync(() => chain.Store.GetCanonicalAsync(chain.Spec.Genesis.Number, CancellationToken.None).AsTask(), StoreTimeout).ConfigureAwait(false);
        return problem is null ? null : $"store of chain {chain.Spec.ChainId}: {problem}";
    }

    /// <summary>What is wrong, in words that tell nothing of the inside, or null.</summary>
    private async Task<string?> ProbeAsync(Func<Task> call, TimeSpan timeout)
    {
        try
        {
            await call().WaitAsync(timeout, _time).ConfigureAwait(false);
            return null;
        }
        catch (TimeoutException)
        {
            return $"no answer within {timeout.TotalSeconds:F0} s";
        }
        catch (Exception e) when (e is OrleansException or IOException or InvalidOperationException)
        {
            return "fails; see the log";
        }
    }
}
