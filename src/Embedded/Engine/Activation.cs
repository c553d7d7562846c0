using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// One activation of a grain: its instance, the calls that wait for it, its timers. Grain code runs on
/// <see cref="ActivationScheduler"/> only; the fields that callers touch are under one lock.
/// </summary>
internal sealed partial class Activation : IGrainContext, IReceiver
{
    private readonly Lock _gate = new();
    private readonly ActivationScheduler _scheduler;
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WorkerGroup? _group;
    private AsyncServiceScope? _scope;
    private Phase _phase;

    public Activation(EmbeddedSilo silo, GrainClass grainClass, GrainId id, WorkerGroup? group)
    {
        Silo = silo;
        Class = grainClass;
        GrainId = id;
        _group = group;
        _scheduler = new ActivationScheduler(this);
        _lastUse = silo.Time.GetTimestamp();
    }

    /// <summary>What an activation goes through, in this order.</summary>
    private enum Phase
    {
        /// <summary>Nobody has called yet.</summary>
        Created,

        /// <summary>Construction, state, OnActivateAsync.</summary>
        Activating,

        /// <summary>Turns run.</summary>
        Active,

        /// <summary>OnDeactivateAsync; calls that come go to the next activation.</summary>
        Deactivating,

        /// <summary>Takes nothing any more.</summary>
        Gone,
    }

    /// <summary>The activation whose code runs on this thread right now, or null.</summary>
    public static Activation? Current => (TaskScheduler.Current as ActivationScheduler)?.Owner;

    public EmbeddedSilo Silo { get; }

    public GrainClass Class { get; }

    /// <inheritdoc/>
    public GrainId GrainId { get; }

    /// <inheritdoc/>
    public ActivationId ActivationId { get; } = ActivationId.NewId();

    /// <inheritdoc/>
    public GrainAddress Address => new() { GrainId = GrainId, ActivationId = ActivationId, SiloAddress = Silo.SiloAddress };

    /// <inheritdoc/>
    public object? GrainInstance { get; private set; }

    /// <inheritdoc/>
    public IServiceProvider ActivationServices => _scope!.Value.ServiceProvider;

    /// <inheritdoc/>
    public Task Deactivated => _deactivated.Task;

    /// <summary>The activation behind a grain class's own instance.</summary>
    public static Activation Of(IGrainBase grain)
    {
        ArgumentNullException.ThrowIfNull(grain);
        return grain.GrainContext as Activation
            ?? throw new InvalidOperationException("The grain was not constructed by the engine.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{GrainId}{ActivationId}";
}
