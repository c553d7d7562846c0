using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;

namespace OpSync.SimulationKit;

/// <summary>A chain without bytes: hashes that link, with any number of forks. Fork 0 is the chain itself.</summary>
/// <param name="id">Chain id.</param>
/// <param name="size">Bytes of the block of a height.</param>
/// <param name="forkPoint">Up to this height all forks are one.</param>
public sealed class SimChain(ulong id, Func<ulong, int> size, ulong forkPoint = 0)
{
    public ulong Id => id;

    public int Size(ulong number) => size(number);

    public Hash32 Hash(ulong number, ulong fork = 0)
    {
        ulong branch = number <= forkPoint ? 0 : fork;
        Span<ulong> words = stackalloc ulong[4];
        ulong state = ((number + 1) * 0x9E3779B97F4A7C15) ^ ((branch + 1) * 0xD1B54A32D192ED03) ^ (id * 0xC2B2AE3D27D4EB4F);
        foreach (ref ulong word in words)
        {
            state = ((state ^ (state >> 29)) * 0xBF58476D1CE4E5B9) + 0x94D049BB133111EB;
            word = state ^ (state >> 32);
        }

        return new Hash32(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words));
    }

    public Hash32 Parent(ulong number, ulong fork = 0) => number == 0 ? default : Hash(number - 1, fork);

    public BlockRecord Block(ulong number, ulong fork = 0) =>
        new(number, Hash(number, fork), Parent(number, fork), 1_700_000_000 + (number * 2), Size(number));
}
