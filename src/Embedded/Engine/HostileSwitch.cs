using OpSync.Embedded.Testing;
using Orleans.Runtime;

namespace OpSync.Embedded.Engine;

/// <summary>
/// Makes the engine as unkind as a cluster may be. Each grain draws from a stream of its own that follows from the seed
/// and its identity, so the same sends of a grain meet the same fate whatever the threads do.
/// </summary>
internal sealed class HostileSwitch(HostileOptions options)
{
    /// <summary>Streams kept apart; grains beyond share them.</summary>
    private const int Streams = 4096;

    private readonly long[] _drawn = new long[Streams];

    public bool ReordersCalls => options.ReorderCalls;

    /// <summary>Draws whether a one-way call gets lost.</summary>
    /// <param name="sender">Who sends; default for code outside of grains.</param>
    public bool WantsDrop(GrainId sender) => options.DropOneWayShare > 0 && Draw(sender) < options.DropOneWayShare;

    /// <summary>Draws whether an activation ends after a turn.</summary>
    public bool WantsDeactivation(GrainId grain) => options.DeactivateShare > 0 && Draw(grain) < options.DeactivateShare;

    /// <summary>Brings calls into another order.</summary>
    public void Shuffle(GrainId sender, List<Call> calls)
    {
        for (int i = calls.Count - 1; i > 0; i--)
        {
            int j = (int)(Draw(sender) * (i + 1));
            (calls[i], calls[j]) = (calls[j], calls[i]);
        }
    }

    /// <summary>Next number of a grain's stream, 0 up to but not including 1.</summary>
    private double Draw(GrainId grain)
    {
        ulong stream = Fold(Fold(14695981039346656037, grain.Type.AsSpan()), grain.Key.AsSpan());
        long ordinal = Interlocked.Increment(ref _drawn[stream % Streams]);
        return (Mix(stream ^ Mix((ulong)options.Seed ^ Mix((ulong)ordinal))) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>FNV-1a; the hashes of the platform differ from process to process.</summary>
    private static ulong Fold(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes) hash = (hash ^ b) * 1099511628211;
        return hash;
    }

    /// <summary>Finalizer of SplitMix64.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
