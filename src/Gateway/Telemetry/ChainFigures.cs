using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpSync.Gateway.Endpoints;

namespace OpSync.Gateway.Telemetry;

/// <summary>Looks up the measures of chains for the export: exporters ask for what is there and wait for nothing.</summary>
internal sealed class ChainFigures(
    GatewayMetrics gateway, GatewayChains chains, ChainViews views, TimeProvider time, ILogger<ChainFigures> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _refreshing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _refreshing = RefreshAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _refreshing.WaitAsync(OtlpExport.FarewellMax, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Once more at the end, while the grains can still be asked, so that the last export has the last figures.</summary>
    private async Task RefreshAsync()
    {
        using PeriodicTimer timer = new(Period, time);
        bool goesOn;
        do
        {
            goesOn = !_stop.IsCancellationRequested;
            try
            {
                await gateway.RefreshAsync(chains, views);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it was, the figures must not stand still for it.
                Log.FeedFailed(log, "the chains", e);
            }

            try
            {
                if (goesOn) await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The process stops; the last look follows.
            }
        }
        while (goesOn);
    }
}
