using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using OpSync.Contracts.Chains;
using OpSync.Contracts.Reading;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Endpoints;

/// <summary>Probes. Alive: the grain engine carries out a call, where it is in this process. Ready: every chain's grain and store answer, and the process is
/// not about to stop.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan AliveTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(3);

    public static void Map(IEndpointRouteBuilder routes)
    {
        // No caller's requests may have a probe refused, which would restart a process that is well; but whoever asks, one look at a time is taken.
        routes.MapGet("/healthz", AliveAsync).WithHead().AllowAnonymous().DisableRateLimiting().Produces<HealthJson>().Produces<HealthJson>(StatusCodes.Status503ServiceUnavailable)
            .WithTags("health").WithName("healthz").WithSummary("Alive: a restart would not help.");
        routes.MapGet("/readyz", ReadyAsync).WithHead().AllowAnonymous().DisableRateLimiting().Produces<HealthJson>().Produces<HealthJson>(StatusCodes.Status503ServiceUnavailable)
            .WithTags("health").WithName("readyz").WithSummary("Ready: every chain and its store answer.");
    }

    private static async Task<IResult> AliveAsync(HealthLooks looks, GatewaySettings settings, GatewayChains chains, IGrainFactory grains, TimeProvider time) =>
        Answer(await looks.Alive.TakeAsync(() => LookAliveAsync(settings, chains, grains, time)));

    private static async Task<string[]> LookAliveAsync(GatewaySettings settings, GatewayChains chains, IGrainFactory grains, TimeProvider time) =>
        settings.Cluster is null && chains.All is [{ } first, ..] && await ProbeAsync(() => grains.GetChain(first.ChainId).GetReport(), AliveTimeout, time) is { } problem
            ? [$"the grains: {problem}"]
            : [];

    private static async Task<IResult> ReadyAsync(HealthLooks looks, GatewayChains chains, IGrainFactory grains, TimeProvider time, IHostApplicationLifetime lifetime) =>
        Answer(await looks.Ready.TakeAsync(() => LookReadyAsync(chains, grains, time, lifetime)));

    private static async Task<string[]> LookReadyAsync(GatewayChains chains, IGrainFactory grains, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        List<string> problems = [];
        if (lifetime.ApplicationStopping.IsCancellationRequested) problems.Add("stopping");
        foreach (GatewayChain chain in chains.All)
        {
            if (await ProbeAsync(() => grains.GetChain(chain.ChainId).GetReport(), ReadyTimeout, time) is { } silent) problems.Add($"{chain.Name}: {silent}");
            BlockPageQuery query = new(chain.Spec.Genesis.Number, chain.Spec.Genesis.Number, 1, 1, TimeSpan.Zero);
            if (await ProbeAsync(() => grains.GetReader(chain.ChainId).Read(query), ReadyTimeout, time) is { } broken) problems.Add($"store of {chain.Name}: {broken}");
        }

        return [.. problems];
    }

    /// <summary>What is wrong, in words that tell nothing of the inside, or null.</summary>
    private static async Task<string?> ProbeAsync(Func<Task> call, TimeSpan timeout, TimeProvider time)
    {
        try
        {
            await call().WaitAsync(timeout, time);
            return null;
        }
        catch (TimeoutException)
        {
            return $"no answer within {timeout.TotalSeconds:F0} s";
        }
        catch (Exception e) when (Absence.Is(e) || e is InvalidOperationException)
        {
            return "fails; see the log";
        }
    }

    private static IResult Answer(string[] problems) => TypedResults.Json(
        new HealthJson { Ok = problems.Length == 0, Problems = problems }, GatewayJson.Default.HealthJson,
        statusCode: problems.Length == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
