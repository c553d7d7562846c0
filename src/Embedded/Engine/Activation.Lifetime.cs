using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <content>Activation, timers and deactivation.</content>
internal sealed partial class Activation
{
    /// <summary>Timers one activation may have at a time.</summary>
    private const int TimersMax = 1024;

    /// <summary>
    /// Activations that end before their first call, as one that asks for it while it begins, before a call gives up.
    /// </summary>
    private const int BouncesMax = 8;

    private readonly HashSet<GrainTimer> _timers = [];
    private readonly List<IStateFacet> _states = [];
    private bool _ending;
    private DeactivationReason _reason;
    private CancellationToken _endToken;
    private long? _keepUntil;

    /// <summary>Adds a persistent state, to be read before the grain's own activation code.</summary>
    public void AddState(IStateFacet state) => _states.Add(state);

    /// <inheritdoc/>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_ending || _phase >= Phase.Deactivating) return;
            _endToken = cancellationToken;
            RequestEnd(deactivationReason);
            if (_phase == Phase.Created) BeginDeactivation();
            else Pump();
        }
    }

    /// <summary>Ends the activation because what it believes of its state is wrong.</summary>
    public void EndAfter(Exception exception) => Deactivate(new DeactivationReason(
        DeactivationReasonCode.ApplicationError, exception, "The state was changed by somebody else."));

    /// <summary>Ends the activation if it was not used for the collection age of its class.</summary>
    public void DeactivateIfIdle(long now)
    {
        lock (_gate)
        {
            bool busy = _ending || _phase != Phase.Active || Running > 0 || _waiting.Count > 0 || now < _keepUntil;
            if (busy || Silo.Time.GetElapsedTime(_lastUse, now) < Class.CollectionAge) return;
            Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"Unused for {Class.CollectionAge}."));
        }
    }

    public void DelayDeactivation(TimeSpan time)
    {
        lock (_gate)
        {
            _keepUntil = time <= TimeSpan.Zero ? null
                : Silo.Time.GetTimestamp() + (long)(Math.Min(time.TotalSeconds, 1e9) * Silo.Time.TimestampFrequency);
        }
    }

    public GrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options);
        lock (_gate)
        {
            if (_phase >= Phase.Deactivating) throw new InvalidOperationException($"{GrainId} is ending and takes no timer.");
            if (_timers.Count >= TimersMax) throw new InvalidOperationException($"{GrainId} has {TimersMax} timers, which is the limit.");
            _timers.Add(timer);
        }

        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    public void Forget(GrainTimer timer)
    {
        lock (_gate) _timers.Remove(timer);
    }

    /// <summary>Ends without a word to the grain, as the death of the process would.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _phase = Phase.Gone;
            _waiting.Clear();
            _scheduler.Halt();
        }

        DisposeTimers();
        _deactivated.TrySetResult();
    }

    private void RequestEnd(DeactivationReason reason)
    {
        _ending = true;
        _reason = reason;
    }

    private void BeginActivation(CallFrame? cause)
    {
        _phase = Phase.Activating;
        _scheduler.Post(new LifecycleTurn(this, () => ActivateAsync(cause)));
    }

    private void BeginDeactivation()
    {
        _phase = Phase.Deactivating;
        _scheduler.Post(new LifecycleTurn(this, DeactivateAsync));
    }

    private async Task ActivateAsync(CallFrame? cause)
    {
        var frame = new CallFrame(GrainId, nameof(IGrainBase.OnActivateAsync), Admission.Closed, cause);
        CallFrame.Current = frame;
        try
        {
            using var limit = new CancellationTokenSource(Silo.ActivationTimeout, Silo.Time);
            _scope = Silo.Services.CreateAsyncScope();
            GrainInstance = Class.Construct(this);
            foreach (IStateFacet state in _states) await Bounded(state.ReadStateAsync(), Silo.ActivationTimeout);
            if (GrainInstance is IGrainBase grain) await Bounded(grain.OnActivateAsync(limit.Token), Silo.ActivationTimeout);
        }
        catch (Exception e)
        {
            // Whatever it was, the grain does not exist, its callers learn why, and the next call tries again.
            Log.ActivationFailed(Silo.Logger, GrainId, e);
            frame.Close();
            await LeaveAsync(e);
            return;
        }

        frame.Close();
        lock (_gate)
        {
            if (_phase != Phase.Activating) return;   // abandoned meanwhile
            _phase = Phase.Active;
            _lastUse = Silo.Time.GetTimestamp();
            Pump();
        }
    }

    private async Task DeactivateAsync()
    {
        var frame = new CallFrame(GrainId, nameof(IGrainBase.OnDeactivateAsync), Admission.Closed, caller: null);
        CallFrame.Current = frame;
        DisposeTimers();
        try
        {
            using var limit = new CancellationTokenSource(Silo.DeactivationTimeout, Silo.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _endToken);
            if (GrainInstance is IGrainBase grain) await Bounded(grain.OnDeactivateAsync(_reason, both.Token), Silo.DeactivationTimeout);
        }
        catch (Exception e)
        {
            Log.DeactivationFailed(Silo.Logger, GrainId, e);
        }

        frame.Close();
        await LeaveAsync(null);
    }

    /// <summary>Disposes what the grain held, leaves the directory, and passes on or fails the calls that wait.</summary>
    private async Task LeaveAsync(Exception? failure)
    {
        DisposeTimers();
        try
        {
            if (GrainInstance is IAsyncDisposable disposable) await disposable.DisposeAsync();
            else (GrainInstance as IDisposable)?.Dispose();
            if (_scope is { } scope) await scope.DisposeAsync();
        }
        catch (Exception e)
        {
            Log.DeactivationFailed(Silo.Logger, GrainId, e);
        }

        if (_group is not null) _group.Remove(this);
        else Silo.Remove(GrainId, this);
        Turn[] left;
        lock (_gate)
        {
            _phase = Phase.Gone;
            left = [.. _waiting];
            _waiting.Clear();
        }

        _deactivated.TrySetResult();
        foreach (Turn turn in left)
        {
            if (failure is not null) turn.Refuse(failure);
            else if (turn is not Call call) continue;   // a tick has no next activation
            else if (!_served && ++call.Bounces > BouncesMax)
                call.Refuse(new OrleansException($"{GrainId} ended {BouncesMax} times in a row without taking a call."));
            else Silo.Deliver(call);
        }
    }

    private Task Bounded(Task work, TimeSpan limit) => work.IsCompleted ? work : work.WaitAsync(limit, Silo.Time);

    private void DisposeTimers()
    {
        GrainTimer[] timers;
        lock (_gate) timers = [.. _timers];
        foreach (GrainTimer timer in timers) timer.Dispose();
    }

    /// <summary>Activation or deactivation: outside the queue, since it comes before or after all other turns.</summary>
    private sealed class LifecycleTurn : Turn
    {
        private readonly Func<Task> _work;

        public LifecycleTurn(Activation activation, Func<Task> work)
        {
            Activation = activation;
            Admission = Admission.Closed;
            _work = work;
        }

        /// <inheritdoc/>
        public override bool IsCall => false;

        /// <inheritdoc/>
        public override Task RunAsync() => _work();

        /// <inheritdoc/>
        public override void Conclude()
        {
        }

        /// <inheritdoc/>
        public override void Refuse(Exception reason)
        {
        }
    }
}
