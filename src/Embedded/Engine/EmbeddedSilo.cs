using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>One life of the silo: its activations, and the way of a call from a reference to one of them.</summary>
internal sealed partial class EmbeddedSilo : ISiloSource, ILocalSiloDetails
{
    /// <summary>
    /// Calls that may wait at one activation where <see cref="SiloMessagingOptions.MaxEnqueuedRequestsHardLimit"/> sets
    /// nothing.
    /// </summary>
    private const int CallsWaitingMaxDefault = 10_000;

    private static int s_generation;

    private readonly ConcurrentDictionary<GrainId, IReceiver> _directory = new();
    private readonly ConcurrentDictionary<TimeSpan, ResponseLane> _lanes = new();   // one per distinct [ResponseTimeout]
    private readonly ResponseLane _defaultLane;
    private readonly EmbeddedCluster _cluster;
    private readonly EmbeddedOptions _options;
    private readonly GrainCollectionOptions _collection;
    private readonly Lazy<(GrainCatalog Catalog, List<string> Problems)> _catalog;
    private readonly Lock _outsideGate = new();
    private List<Call>? _heldOutside;
    private ITimer? _collector;
    private int _receivers;
    private volatile State _state;

    public EmbeddedSilo(
        IServiceProvider services, EmbeddedCluster cluster, IOptions<EmbeddedOptions> options, IOptions<ClusterOptions> names,
        IOptions<GrainCollectionOptions> collection, IOptions<SiloMessagingOptions> messaging, ILogger<EmbeddedSilo> logger)
    {
        Services = services;
        Logger = logger;
        Time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _cluster = cluster;
        _options = options.Value;
        _collection = collection.Value;
        _defaultLane = new ResponseLane(messaging.Value.ResponseTimeout, Time);
        ClusterId = names.Value.ClusterId;
        int limit = messaging.Value.MaxEnqueuedRequestsHardLimit;
        CallsWaitingMax = limit > 0 ? limit : CallsWaitingMaxDefault;
        Hostile = _options.Hostile is { } hostile ? new HostileSwitch(hostile) : null;
        SiloAddress = SiloAddress.New(IPAddress.Loopback, _options.SiloPort, NextGeneration(Time));
        Factory = new GrainFactory(this, services);
        _catalog = new(() =>
        {
            var problems = new List<string>();
            List<Type> types = ApplicationTypes.Find(_options.Assemblies, _options.TypeFilter);
            return (new GrainCatalog(types, _collection, problems), problems);
        });
    }

    /// <summary>What a silo goes through, in this order.</summary>
    private enum State
    {
        /// <summary>Takes no calls yet.</summary>
        New,

        /// <summary>Takes calls.</summary>
        Running,

        /// <summary>Grains may still call those that live; nobody else.</summary>
        Stopping,

        /// <summary>Takes no calls any more.</summary>
        Dead,
    }

    public IServiceProvider Services { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    /// <summary>References whose calls come from within this silo, and die with it.</summary>
    public GrainFactory Factory { get; }

    public HostileSwitch? Hostile { get; }

    /// <summary>Null where no reminder service is configured.</summary>
    public ReminderService? Reminders { get; private set; }

    public int CallsWaitingMax { get; }

    public TimeSpan ActivationTimeout => _collection.ActivationTimeout;

    public TimeSpan DeactivationTimeout => _collection.DeactivationTimeout;

    /// <inheritdoc/>
    public string Name => _options.SiloName;

    /// <inheritdoc/>
    public string ClusterId { get; }

    /// <inheritdoc/>
    public SiloAddress SiloAddress { get; }

    /// <inheritdoc/>
    public GrainCatalog Catalog => _catalog.Value.Catalog;

    /// <inheritdoc/>
    public EmbeddedSilo? Current => IsDead ? null : this;

    public bool IsDead => _state == State.Dead;

    /// <summary>Grains with an activation.</summary>
    public int ActiveGrains => _directory.Count;

    /// <summary>Sends a call.</summary>
    /// <returns>The task the caller gets.</returns>
    public object Send(GrainMethod method, GrainId target, object?[] arguments)
    {
        Call call = method.CreateCall(arguments);
        GrainClass grainClass = Catalog.Get(target.Type);
        Activation? sender = Activation.Current;
        CallFrame? caller = CallFrame.Current;
        Admission admission = grainClass.IsReentrant ? Admission.Interleave : method.Admission;
        call.Address(this, target, admission, caller);
        if (_state != State.Running && !(_state == State.Stopping && sender is not null)) RefuseUnavailable(call);
        else if (!method.IsOneWay)
        {
            string? cycle = grainClass.WorkersMax > 0 ? null : CallFrame.FindCycle(caller, target, method.Name, admission);
            if (cycle is not null)
            {
                EngineMetrics.Cycles.Add(1);
                call.Refuse(new CallCycleException(cycle));
            }
            else
            {
                LaneOf(method).Add(call);
                Pass(sender, call);
            }
        }
        else if (Hostile?.WantsDrop(sender?.GrainId ?? default) != true) Pass(sender, call);

        return call.Returned;
    }

    /// <summary>Hands a call to its activation, making one where there is none.</summary>
    public void Deliver(Call call)
    {
        while (true)
        {
            if (!_directory.TryGetValue(call.Target, out IReceiver? receiver))
            {
                if (_state != State.Running)
                {
                    RefuseUnavailable(call);
                    return;
                }

                receiver = AddReceiver(call.Target);
                if (receiver is null)
                {
                    EngineMetrics.Refused.Add(1);
                    call.Refuse(new LimitExceededException($"The silo has {_options.ActivationsMax} grains active, which is the limit."));
                    return;
                }
            }

            if (receiver.TryAccept(call)) return;
            if (IsDead)
            {
                RefuseUnavailable(call);
                return;
            }
        }
    }

    /// <summary>Sends calls that the hostile switch held back, in another order.</summary>
    public void SendHeld(GrainId sender, List<Call> held)
    {
        Hostile!.Shuffle(sender, held);
        foreach (Call call in held) Deliver(call);
    }

    /// <summary>Takes a receiver out of the directory.</summary>
    public void Remove(GrainId id, IReceiver receiver)
    {
        if (_directory.TryRemove(KeyValuePair.Create(id, receiver))) Interlocked.Decrement(ref _receivers);
    }

    private static void RefuseUnavailable(Call call) =>
        call.Refuse(new SiloUnavailableException($"The silo takes no call to {call.Target} ({call.Method.Name}): it is not running."));

    /// <summary>Seconds of the clock, and always more than the silo before in this process had.</summary>
    private static int NextGeneration(TimeProvider time)
    {
        int now = (int)(time.GetUtcNow().ToUnixTimeSeconds() & int.MaxValue);
        while (true)
        {
            int last = Volatile.Read(ref s_generation);
            int next = Math.Max(last + 1, now);
            if (Interlocked.CompareExchange(ref s_generation, next, last) == last) return next;
        }
    }

    private void Pass(Activation? sender, Call call)
    {
        if (Hostile is not { ReordersCalls: true }) Deliver(call);
        else if (sender is not null) sender.Hold(call);
        else HoldOutside(call);
    }

    private ResponseLane LaneOf(GrainMethod method) => method.ResponseTimeout is { } timeout
        ? _lanes.GetOrAdd(timeout, static (t, time) => new ResponseLane(t, time), Time)
        : _defaultLane;

    private IReceiver? AddReceiver(GrainId id)
    {
        if (Volatile.Read(ref _receivers) >= _options.ActivationsMax) return null;
        GrainClass grainClass = Catalog.Get(id.Type);
        IReceiver made = grainClass.WorkersMax > 0
            ? new WorkerGroup(this, grainClass, id)
            : new Activation(this, grainClass, id, group: null);
        IReceiver kept = _directory.GetOrAdd(id, made);
        if (kept == made) Interlocked.Increment(ref _receivers);
        return kept;
    }

    /// <summary>
    /// Outside of grains nobody tells when a caller begins to wait; what comes before a pool thread is free counts as
    /// unawaited.
    /// </summary>
    private void HoldOutside(Call call)
    {
        lock (_outsideGate)
        {
            if (_heldOutside is not null)
            {
                _heldOutside.Add(call);
                return;
            }

            _heldOutside = [call];
        }

        ThreadPool.UnsafeQueueUserWorkItem(static silo =>
        {
            List<Call> held;
            lock (silo._outsideGate)
            {
                held = silo._heldOutside!;
                silo._heldOutside = null;
            }

            silo.SendHeld(default, held);
        }, this, preferLocal: false);
    }
}
