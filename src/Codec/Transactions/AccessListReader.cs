using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Transactions;

/// <summary>Goes through an access list where it lies (EIP-2930). Copies nothing but one address at a time.</summary>
/// <param name="items">The items of the list, without its header.</param>
public ref struct AccessListReader(ReadOnlySpan<byte> items)
{
    private RlpReader _items = new(items);
    private RlpReader _keys;

    /// <summary>True behind the last entry.</summary>
    public readonly bool IsEnd => _items.IsEnd;

    /// <summary>Moves to the next entry; its keys are given by <see cref="TryReadKey"/>.</summary>
    /// <returns>False at the end and where the entry has another form.</returns>
    public bool TryReadEntry(out Address address)
    {
        address = default;
        if (!_items.TryReadList(out RlpReader entry)
            || !entry.TryReadString(out ReadOnlySpan<byte> bytes, Address.Size) || bytes.Length != Address.Size
            || !entry.TryReadList(out _keys) || !entry.IsEnd)
        {
            return false;
        }

        address = new Address(bytes);
        return true;
    }

    /// <summary>Reads the next key of the entry.</summary>
    /// <returns>False at the end and where the key has another length: then <see cref="IsEndOfKeys"/> is false.</returns>
    public bool TryReadKey(out Hash32 key)
    {
        key = default;
        if (!_keys.TryReadString(out ReadOnlySpan<byte> bytes, Hash32.Size) || bytes.Length != Hash32.Size) return false;
        key = new Hash32(bytes);
        return true;
    }

    /// <summary>True behind the last key of the entry.</summary>
    public readonly bool IsEndOfKeys => _keys.IsEnd;

    /// <summary>Whether every entry has the right form.</summary>
    internal static bool IsWellFormed(ReadOnlySpan<byte> items)
    {
        AccessListReader reader = new(items);
        while (!reader.IsEnd)
        {
            if (!reader.TryReadEntry(out _)) return false;
            while (!reader.IsEndOfKeys)
            {
                if (!reader.TryReadKey(out _)) return false;
            }
        }

        return true;
    }
}
