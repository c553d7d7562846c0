using OpSync.Codec.Primitives;
using OpSync.Sync.Blocks;
using OpSync.Sync.Ranges;

namespace OpSync.Sync.Tests.Ranges;

/// <summary>A chain without bytes: hashes that link, from a fork number.</summary>
internal static class TestChain
{
    public static Hash32 Hash(ulong number, ulong fork = 0)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        ulong state = (number + 1) * 0x9E3779B97F4A7C15 ^ (fork + 1) * 0xD1B54A32D192ED03;
        for (int i = 0; i < 4; i++)
        {
            state = (state ^ state >> 29) * 0xBF58476D1CE4E5B9 + (ulong)i;
            BitConverter.TryWriteBytes(bytes[(i * 8)..], state ^ state >> 32);
        }

        return new Hash32(bytes);
    }

    public static BlockRecord Block(ulong number, ulong fork = 0, int size = 1_000) =>
        new(number, Hash(number, fork), number == 0 ? default : Hash(number - 1, fork), 1_700_000_000 + number * 2, size);

    public static Island Island(ulong first, ulong last, ulong fork = 0) =>
        new(new BlockRange(first, last), Hash(last, fork), Hash(first - 1, fork));
}
