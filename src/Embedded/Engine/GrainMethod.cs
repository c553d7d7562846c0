using System.Collections.Concurrent;
using System.Reflection;
using Orleans;
using Orleans.Concurrency;

namespace OpSync.Embedded.Engine;

/// <summary>What a grain interface method returns.</summary>
internal enum ReturnShape
{
    /// <summary>A task without result.</summary>
    Task,

    /// <summary>A task with a result.</summary>
    TaskOf,

    /// <summary>A value task without result.</summary>
    ValueTask,

    /// <summary>A value task with a result.</summary>
    ValueTaskOf,
}

/// <summary>A method of a grain interface with all that a call needs to know about it, made once per method.</summary>
internal sealed class GrainMethod
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> s_known = new();

    private readonly Func<GrainMethod, object?[], Call> _createCall;

    private GrainMethod(MethodInfo method)
    {
        Name = $"{method.DeclaringType!.Name}.{method.Name}";
        Invoker = MethodInvoker.Create(method);
        IsOneWay = method.IsDefined(typeof(OneWayAttribute));
        Admission = method.IsDefined(typeof(AlwaysInterleaveAttribute)) ? Admission.Interleave
            : method.IsDefined(typeof(ReadOnlyAttribute)) ? Admission.ReadOnly
            : Admission.Exclusive;
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        (Shape, Type result) = ShapeOf(method.ReturnType)
            ?? throw new InvalidOperationException($"{Name} returns no task.");   // refused at start, see ContractRules
        _createCall = typeof(Call<>).MakeGenericType(result).GetMethod(nameof(Call<bool>.Create))!
            .CreateDelegate<Func<GrainMethod, object?[], Call>>();
    }

    /// <summary>Interface and method, for messages.</summary>
    public string Name { get; }

    public MethodInvoker Invoker { get; }

    public ReturnShape Shape { get; }

    public bool IsOneWay { get; }

    public Admission Admission { get; }

    /// <summary>Time a caller waits; null for the silo's setting.</summary>
    public TimeSpan? ResponseTimeout { get; }

    public static GrainMethod Of(MethodInfo method) => s_known.GetOrAdd(method, static m => new GrainMethod(m));

    /// <summary>
    /// The shape and result type (<see cref="bool"/> for none) of a return type; null if it cannot be called from afar.
    /// </summary>
    public static (ReturnShape Shape, Type Result)? ShapeOf(Type type)
    {
        if (type == typeof(Task)) return (ReturnShape.Task, typeof(bool));
        if (type == typeof(ValueTask)) return (ReturnShape.ValueTask, typeof(bool));
        if (!type.IsGenericType) return null;
        Type definition = type.GetGenericTypeDefinition();
        if (definition == typeof(Task<>)) return (ReturnShape.TaskOf, type.GenericTypeArguments[0]);
        return definition == typeof(ValueTask<>) ? (ReturnShape.ValueTaskOf, type.GenericTypeArguments[0]) : null;
    }

    public Call CreateCall(object?[] arguments) => _createCall(this, arguments);
}
