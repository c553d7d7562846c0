using System.Reflection;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>A reference to a grain; subclasses that implement the grain interfaces are made at run time.</summary>
internal class GrainProxy : DispatchProxy
{
    public GrainId GrainId { get; private set; }

    public GrainFactory Factory { get; private set; } = null!;

    /// <summary>A reference under an interface.</summary>
    public static object Create(Type grainInterface, GrainFactory factory, GrainId id)
    {
        var proxy = (GrainProxy)Create(grainInterface, typeof(GrainProxy));
        proxy.Factory = factory;
        proxy.GrainId = id;
        return proxy;
    }

    /// <summary>References are equal if they mean the same grain.</summary>
    public override bool Equals(object? obj) => obj is GrainProxy other && other.GrainId == GrainId;

    /// <inheritdoc/>
    public override int GetHashCode() => GrainId.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => GrainId.ToString();

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        GrainMethod method = GrainMethod.Of(targetMethod!);
        if (Factory.Source.Current is { } silo) return silo.Send(method, GrainId, args ?? []);
        Call call = method.CreateCall([]);
        call.Refuse(new SiloUnavailableException());
        return call.Returned;
    }
}
