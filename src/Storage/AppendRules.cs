using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Storage;

/// <summary>What every store demands of the items of an append.</summary>
internal static class AppendRules
{
    /// <summary>Most blocks of one append: a bound on the memory and time of one commit, far above a sensible group.</summary>
    public const int CountMax = 4_096;

    /// <summary>Length of a signature in bytes.</summary>
    private const int SignatureLength = 65;

    /// <summary>Highest number a signed key can hold; no chain comes near it.</summary>
    private const ulong NumberMax = long.MaxValue;

    /// <summary>Throws if an item is malformed or there are too many.</summary>
    /// <exception cref="ArgumentException">Says what is wrong.</exception>
    public static void Validate(IReadOnlyList<AppendItem> items)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(items.Count, CountMax);
        foreach (AppendItem item in items)
        {
            StoredBlock block = item.Block;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(block.Number, NumberMax);
            if (item.Rank == TrustRank.None) throw new ArgumentException($"Nothing vouches for block {block.Id}.", nameof(items));
            if (block.Wire.Length == 0) throw new ArgumentException($"Block {block.Id} has no bytes.", nameof(items));
            if (block.Signature is { Length: not SignatureLength })
            {
                throw new ArgumentException($"The signature of block {block.Id} has {block.Signature.Length} bytes.", nameof(items));
            }
        }
    }
}
