using Orleans.Runtime;
using Orleans.Storage;

namespace OpSync.Embedded.Engine;

/// <summary>One call of a grain method, from the caller's reference to the grain's answer.</summary>
internal abstract class Call(GrainMethod method, object?[] arguments) : Turn
{
    private object?[]? _arguments = arguments;
    private CallFrame? _frame;
    private Exception? _failure;
    private bool _ran;

    public GrainMethod Method => method;

    public GrainId Target { get; private set; }

    public EmbeddedSilo? Silo { get; private set; }

    /// <inheritdoc/>
    public override bool IsCall => true;

    /// <summary>Links of the list that watches the response timeout; they belong to it.</summary>
    internal ResponseLane.Node Watch;

    /// <summary>What the caller gets: a task of the method's return type.</summary>
    public abstract object Returned { get; }

    /// <summary>Makes the call ready to be sent.</summary>
    public void Address(EmbeddedSilo silo, GrainId target, Admission admission, CallFrame? caller)
    {
        Silo = silo;
        Target = target;
        Admission = admission;
        _frame = new CallFrame(target, method.Name, admission, method.IsOneWay ? null : caller);
    }

    /// <summary>Where a call that waits for its activation comes from.</summary>
    public CallFrame? Frame => _frame;

    /// <summary>Activations that ended before this call or any other reached them.</summary>
    public int Bounces { get; set; }

    /// <inheritdoc/>
    public override async Task RunAsync()
    {
        object?[]? arguments = Interlocked.Exchange(ref _arguments, null);
        if (arguments is null) return;   // timed out while it waited
        _ran = true;
        CallFrame.Current = _frame;
        try
        {
            object returned = method.Invoker.Invoke(Activation!.GrainInstance, arguments.AsSpan())
                ?? throw new InvalidOperationException($"{method.Name} returned null instead of a task.");
            await TakeResultAsync(returned);
        }
        catch (Exception e)
        {
            // All exceptions of a grain belong to its caller; what the activation must know of it is in the type.
            if (e is InconsistentStateException { Activation: { } owner } && owner == Activation) Activation.EndAfter(e);
            _failure = e;
        }
        finally
        {
            _frame!.Close();
        }
    }

    /// <inheritdoc/>
    public override void Refuse(Exception reason)
    {
        Volatile.Write(ref _arguments, null);
        if (method.IsOneWay)
        {
            EngineMetrics.OneWayFailures.Add(1);
            if (Silo is not null) Log.OneWayFailed(Silo.Logger, method.Name, Target, reason);
        }
        else
        {
            Watch.Lane?.Remove(this);
            _frame?.Close();
            Fail(reason);
        }
    }

    /// <inheritdoc/>
    public override void Conclude()
    {
        if (_failure is not null) Refuse(_failure);
        else if (_ran && !method.IsOneWay)
        {
            Watch.Lane?.Remove(this);
            Answer();
        }
    }

    /// <summary>Waits for the grain's task and keeps its result.</summary>
    protected abstract Task TakeResultAsync(object returned);

    /// <summary>Hands the result to the caller, unless it got an exception before.</summary>
    protected abstract void Answer();

    /// <summary>Hands an exception to the caller, unless it has an answer.</summary>
    protected abstract void Fail(Exception reason);
}

/// <inheritdoc/>
/// <typeparam name="T">Type of the result; any for a method without one.</typeparam>
internal sealed class Call<T>(GrainMethod method, object?[] arguments) : Call(method, arguments)
{
    private readonly TaskCompletionSource<T>? _answer =
        method.IsOneWay ? null : new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);

    private T _result = default!;

    public static Call Create(GrainMethod method, object?[] arguments) => new Call<T>(method, arguments);

    /// <inheritdoc/>
    public override object Returned => Method.Shape switch
    {
        ReturnShape.Task or ReturnShape.TaskOf => _answer?.Task ?? Task.CompletedTask,
        ReturnShape.ValueTask => _answer is null ? ValueTask.CompletedTask : new ValueTask(_answer.Task),
        _ => new ValueTask<T>(_answer!.Task),
    };

    /// <inheritdoc/>
    protected override async Task TakeResultAsync(object returned)
    {
        switch (Method.Shape)
        {
            case ReturnShape.Task: await (Task)returned; break;
            case ReturnShape.TaskOf: _result = await (Task<T>)returned; break;
            case ReturnShape.ValueTask: await (ValueTask)returned; break;
            case ReturnShape.ValueTaskOf: _result = await (ValueTask<T>)returned; break;
        }
    }

    /// <inheritdoc/>
    protected override void Answer() => _answer!.TrySetResult(_result);

    /// <inheritdoc/>
    protected override void Fail(Exception reason) => _answer!.TrySetException(reason);
}
