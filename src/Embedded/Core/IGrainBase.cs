using Orleans.Runtime;

namespace Orleans;

/// <summary>What a grain class must be. <see cref="Grain"/> is the usual way; a plain class may implement it by itself.</summary>
public interface IGrainBase
{
    /// <summary>The activation this instance belongs to; a plain class takes it as a constructor parameter.</summary>
    IGrainContext GrainContext { get; }

    /// <summary>Runs before the first call, after persistent state was read. An exception fails the activation.</summary>
    /// <param name="token">Cancelled after the activation timeout (30 s by default).</param>
    Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

    /// <summary>Runs after the last call of a graceful deactivation. Never relied on: a crash skips it.</summary>
    /// <param name="reason">Why the activation ends.</param>
    /// <param name="token">Cancelled after the deactivation timeout (30 s by default).</param>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
}
