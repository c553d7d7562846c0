using System.Reflection;

namespace OpSync.Grains.Tests.Kit;

/// <summary>A cluster whose grains never answer.</summary>
internal class SilentGrains : DispatchProxy
{
    public static IGrainFactory Create() => Create<IGrainFactory, SilentGrains>();

    protected override object? Invoke(MethodInfo? method, object?[]? arguments)
    {
        Type returned = method!.ReturnType;
        if (returned.IsInterface) return DispatchProxy.Create(returned, typeof(SilentGrains));
        Type result = returned.GenericTypeArguments[0];
        object source = Activator.CreateInstance(typeof(TaskCompletionSource<>).MakeGenericType(result))!;
        return source.GetType().GetProperty(nameof(TaskCompletionSource<int>.Task))!.GetValue(source);
    }
}
