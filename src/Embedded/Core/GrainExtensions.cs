using OpSync.Embedded.Engine;
using Orleans.Runtime;

namespace Orleans;

/// <summary>Identity of grains, for grain classes (<c>this.GetPrimaryKeyString()</c>) and references alike.</summary>
public static class GrainExtensions
{
    /// <summary>The identity behind a reference or of a grain class's own instance.</summary>
    /// <exception cref="ArgumentException">The object is neither.</exception>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainProxy proxy => proxy.GrainId,
        IGrainBase { GrainContext: { } context } => context.GrainId,
        _ => throw new ArgumentException("Neither a grain reference nor a grain with an activation.", nameof(grain)),
    };

    /// <summary>The key of a grain with a string key.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>True if the key is a 64-bit integer, with or without extension.</summary>
    public static bool IsPrimaryKeyBasedOnLong(this IAddressable grain) =>
        grain.GetGrainId().TryGetIntegerKey(out _, out _);

    /// <summary>The integer key; an extension is left aside.</summary>
    /// <exception cref="InvalidOperationException">The key is not an integer.</exception>
    public static long GetPrimaryKeyLong(this IAddressable grain) => grain.GetPrimaryKeyLong(out _);

    /// <summary>The integer key and its extension.</summary>
    /// <exception cref="InvalidOperationException">The key is not an integer.</exception>
    public static long GetPrimaryKeyLong(this IAddressable grain, out string? keyExt)
    {
        GrainId id = grain.GetGrainId();
        return id.TryGetIntegerKey(out long key, out keyExt)
            ? key
            : throw new InvalidOperationException($"{id} has no integer key.");
    }

    /// <summary>The GUID key; an extension is left aside.</summary>
    /// <exception cref="InvalidOperationException">The key is not a GUID.</exception>
    public static Guid GetPrimaryKey(this IAddressable grain) => grain.GetPrimaryKey(out _);

    /// <summary>The GUID key and its extension.</summary>
    /// <exception cref="InvalidOperationException">The key is not a GUID.</exception>
    public static Guid GetPrimaryKey(this IAddressable grain, out string? keyExt)
    {
        GrainId id = grain.GetGrainId();
        return id.TryGetGuidKey(out Guid key, out keyExt)
            ? key
            : throw new InvalidOperationException($"{id} has no GUID key.");
    }

    /// <summary>A reference to the same grain under an interface it implements; the way for a grain to pass itself on.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => grain switch
    {
        GrainProxy proxy => proxy.Factory.GetReference<TGrainInterface>(proxy.GrainId),
        IGrainBase self => Activation.Of(self).Silo.Factory.GetReference<TGrainInterface>(self.GrainContext.GrainId),
        _ => throw new ArgumentException("Neither a grain reference nor a grain with an activation.", nameof(grain)),
    };
}
