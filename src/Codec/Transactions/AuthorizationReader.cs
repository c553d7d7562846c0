using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Transactions;

/// <summary>Goes through the authorizations of a set-code transaction where they lie (EIP-7702).</summary>
/// <param name="items">The items of the list, without its header.</param>
public ref struct AuthorizationReader(ReadOnlySpan<byte> items)
{
    private RlpReader _items = new(items);

    /// <summary>True behind the last one.</summary>
    public readonly bool IsEnd => _items.IsEnd;

    /// <summary>Reads the next one.</summary>
    /// <returns>False at the end and where it has another form.</returns>
    public bool TryRead(out Authorization authorization)
    {
        authorization = default;
        if (!_items.TryReadList(out RlpReader entry)
            || !entry.TryReadUInt256(out UInt256 chainId)
            || !entry.TryReadString(out ReadOnlySpan<byte> address, Address.Size) || address.Length != Address.Size
            || !entry.TryReadUInt64(out ulong nonce)
            || !entry.TryReadUInt64(out ulong parity) || parity > byte.MaxValue
            || !entry.TryReadUInt256(out UInt256 r)
            || !entry.TryReadUInt256(out UInt256 s)
            || !entry.IsEnd)
        {
            return false;
        }

        authorization = new Authorization(chainId, new Address(address), nonce, (byte)parity, r, s);
        return true;
    }

    /// <summary>Whether every entry has the right form.</summary>
    internal static bool IsWellFormed(ReadOnlySpan<byte> items)
    {
        AuthorizationReader reader = new(items);
        while (!reader.IsEnd)
        {
            if (!reader.TryRead(out _)) return false;
        }

        return true;
    }
}
