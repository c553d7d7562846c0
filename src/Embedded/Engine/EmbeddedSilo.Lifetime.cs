using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <content>Start, stop, collection of idle activations, and sudden death.</content>
internal sealed partial class EmbeddedSilo
{
    /// <summary>Checks the application, then takes calls, then runs start-up tasks in the order of their stages.</summary>
    /// <exception cref="OrleansConfigurationException">The application breaks rules; all of them are listed.</exception>
    public async Task StartAsync(CancellationToken token)
    {
        ThrowOnProblems();
        TimeSpan quantum = _collection.CollectionQuantum;
        _collector = Time.CreateDetachedTimer(static silo => ((EmbeddedSilo)silo!).CollectIdle(), this, quantum, quantum);
        if (Services.GetService<IReminderStore>() is { } store) Reminders = new ReminderService(this, store);
        _cluster.Attach(this);
        _state = State.Running;
        if (Reminders is not null) await Reminders.StartAsync(token);
        Log.SiloStarted(Logger, SiloAddress, Catalog.Classes.Count);
        foreach (StartupRegistration task in Services.GetServices<StartupRegistration>().OrderBy(t => t.Stage))
            await task.Execute(Services, token);
    }

    /// <summary>Takes no more calls and ends all activations.</summary>
    /// <param name="token">Ends the wait; what has not ended by then is abandoned.</param>
    public async Task StopAsync(CancellationToken token)
    {
        if (_state != State.Running) return;
        _state = State.Stopping;
        Log.SiloStopping(Logger, SiloAddress, _directory.Count);
        Reminders?.Stop();
        _collector?.Dispose();
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops.");
        try
        {
            while (Activations().ToList() is { Count: > 0 } left)
            {
                foreach (Activation activation in left) activation.Deactivate(reason, token);
                await Task.WhenAll(left.Select(a => a.Deactivated)).WaitAsync(token);
            }
        }
        catch (OperationCanceledException)
        {
            Log.ActivationsAbandoned(Logger, SiloAddress, Activations().Count());
        }

        Kill();
    }

    /// <summary>
    /// Ends at once, as the death of the process would: nothing runs any more, no grain is told, every caller gets an
    /// exception.
    /// </summary>
    public void Kill()
    {
        if (IsDead) return;
        _state = State.Dead;
        _cluster.Detach(this);
        _collector?.Dispose();
        Reminders?.Stop();
        foreach (Activation activation in Activations()) activation.Abandon();
        foreach (ResponseLane lane in _lanes.Values.Append(_defaultLane))
        {
            foreach (Call call in lane.TakeAll()) call.Refuse(new SiloUnavailableException("The silo ended before the call did."));
        }
    }

    /// <summary>Ends the activations of one grain.</summary>
    public async Task DeactivateAsync(GrainId grain)
    {
        if (!_directory.TryGetValue(grain, out IReceiver? receiver)) return;
        Activation[] activations = ActivationsOf(receiver);
        var reason = new DeactivationReason(DeactivationReasonCode.RuntimeRequested, "Asked for from outside.");
        foreach (Activation activation in activations) activation.Deactivate(reason);
        await Task.WhenAll(activations.Select(a => a.Deactivated));
    }

    /// <summary>Ends the activations that nobody used for the age of their class.</summary>
    public void CollectIdle()
    {
        long now = Time.GetTimestamp();
        foreach (Activation activation in Activations()) activation.DeactivateIfIdle(now);
    }

    private void ThrowOnProblems()
    {
        List<string> problems = [.. _catalog.Value.Problems];
        foreach (GrainClass grainClass in Catalog.Classes)
        {
            problems.AddRange(grainClass.StorageNames.Where(n => GrainClass.FindStorage(Services, n) is null)
                .Select(n => $"{grainClass.Type.FullName}: there is no grain storage named '{n ?? GrainClass.DefaultStorageName}'."));
        }

        if (problems.Count == 0) return;
        throw new OrleansConfigurationException(
            $"The grains of this application cannot run; problems: {problems.Count}.{Environment.NewLine}"
            + string.Join(Environment.NewLine, problems.Select(p => "- " + p)));
    }

    private static Activation[] ActivationsOf(IReceiver receiver) =>
        receiver is WorkerGroup group ? group.Workers : [(Activation)receiver];

    private IEnumerable<Activation> Activations() => _directory.Values.SelectMany(ActivationsOf);
}

/// <summary>A start-up task and when it runs.</summary>
internal sealed record StartupRegistration(int Stage, Func<IServiceProvider, CancellationToken, Task> Execute);
