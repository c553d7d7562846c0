using System.Numerics;
using System.Runtime.InteropServices;

namespace OpSync.Codec.Samples;

/// <summary>xoshiro256** (Blackman and Vigna): fast, the same on every machine, and not for secrets.</summary>
internal struct SampleRandom
{
    private ulong _a, _b, _c, _d;

    /// <summary>A generator for one block, or whatever the pair stands for.</summary>
    public SampleRandom(ulong seed, ulong number)
    {
        // SplitMix64 spreads the seed over the state, as the authors advise.
        ulong state = seed * 0xd1342543de82ef95 + number;
        _a = Split(ref state);
        _b = Split(ref state);
        _c = Split(ref state);
        _d = Split(ref state);
    }

    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number below a bound; the bias is of no matter here.</summary>
    public int Next(int bound) => (int)(Next() % (uint)bound);

    public void Fill(Span<byte> target)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(target);
        for (int i = 0; i < words.Length; i++) words[i] = Next();
        Span<byte> rest = target[(words.Length * sizeof(ulong))..];
        if (rest.IsEmpty) return;
        ulong last = Next();
        MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in last))[..rest.Length].CopyTo(rest);
    }

    private static ulong Split(ref ulong state)
    {
        ulong z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
