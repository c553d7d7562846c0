using Microsoft.Extensions.Hosting;

namespace OpSync.Silo.Hosting;

/// <summary>Wakes unfinished ranges when a silo came or went: those that it had would otherwise sleep until somebody calls them.</summary>
/// <remarks>With every step of its going: a call that reaches a chain at a silo that is only about to go wakes nothing.</remarks>
internal sealed class MembershipWatch(IClusterMembershipService membership, ChainPokes pokes) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string known = "";
        try
        {
            await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken).ConfigureAwait(false))
            {
                string now = string.Join(' ', snapshot.Members.Values.Where(m => m.Status >= SiloStatus.Active).Select(m => $"{m.SiloAddress} {m.Status}").Order(StringComparer.Ordinal));
                if (now == known) continue;
                known = now;
                pokes.Begin();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // This silo goes.
        }
    }
}
