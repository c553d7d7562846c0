using System.Reflection;

namespace OpSync.Grains.Tests.Kit;

/// <summary>Stands in for an interface of which a test needs one or two methods.</summary>
public class StandIn : DispatchProxy
{
    private Func<MethodInfo, object?[], object?> _answer = null!;

    /// <summary>An object that answers every call with what is given for it.</summary>
    public static T Of<T>(Func<MethodInfo, object?[], object?> answer)
        where T : class
    {
        T made = Create<T, StandIn>();
        ((StandIn)(object)made)._answer = answer;
        return made;
    }

    /// <summary>An object that passes on what is not answered here.</summary>
    public static T Over<T>(T inner, Func<MethodInfo, object?[], object?> answer)
        where T : class =>
        Of<T>((method, args) => answer(method, args) ?? method.Invoke(inner, BindingFlags.DoNotWrapExceptions, null, args, null));

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!, args ?? []);
}
