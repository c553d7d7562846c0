using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Keccak;

/// <summary>Keccak-256 as Ethereum uses it: the original padding byte 01, not the 06 of SHA3-256.</summary>
/// <remarks>Words are read in the processor's order, so a little-endian processor is needed, as .NET has on all its usual
/// platforms. For many messages at once see <see cref="Keccak256Batch"/>.</remarks>
public static class Keccak256
{
    /// <summary>Bytes taken in per permutation: 200 minus twice the 32 of the output.</summary>
    public const int BlockSize = 136;

    /// <summary>The hash of a message of any length. Allocates nothing.</summary>
    public static Hash32 Hash(ReadOnlySpan<byte> message) => Hash([], message);

    /// <summary>The hash of two pieces that follow each other.</summary>
    /// <param name="head">First piece, shorter than a block.</param>
    /// <param name="body">Second piece, any length.</param>
    internal static Hash32 Hash(scoped ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        Span<ulong> state = stackalloc ulong[KeccakPermutation.Words];
        state.Clear();
        Span<byte> edge = stackalloc byte[BlockSize];

        if (head.Length > 0 && head.Length + body.Length >= BlockSize)
        {
            int taken = BlockSize - head.Length;
            head.CopyTo(edge);
            body[..taken].CopyTo(edge[head.Length..]);
            Absorb(state, edge);
            head = default;
            body = body[taken..];
        }

        for (; body.Length >= BlockSize; body = body[BlockSize..]) Absorb(state, body);

        PadFinal(head, body, edge);
        Absorb(state, edge);
        return new Hash32(MemoryMarshal.AsBytes(state)[..Hash32.Size]);
    }

    /// <summary>Lays out the last block: what is left of the message, then the padding 01 00 .. 00 80.</summary>
    /// <param name="head">With <paramref name="body"/> less than a block.</param>
    /// <param name="body">The rest of the message.</param>
    /// <param name="block">Exactly <see cref="BlockSize"/> bytes.</param>
    internal static void PadFinal(scoped ReadOnlySpan<byte> head, scoped ReadOnlySpan<byte> body, Span<byte> block)
    {
        head.CopyTo(block);
        body.CopyTo(block[head.Length..]);
        int length = head.Length + body.Length;
        block[length..].Clear();
        block[length] = 0x01;
        block[BlockSize - 1] |= 0x80;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(block[..BlockSize]);
        for (int i = 0; i < words.Length; i++) state[i] ^= words[i];
        KeccakPermutation.Permute<ulong, ScalarLanes>(ref state[0]);
    }
}
