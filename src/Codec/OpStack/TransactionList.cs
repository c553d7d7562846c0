using System.Runtime.InteropServices;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.Codec.Trie;

namespace OpSync.Codec.OpStack;

/// <summary>The transactions of a payload: views of the bytes they came in. Their content is not looked at.</summary>
/// <remarks>In SSZ the list is a table of offsets, relative to the list, and then the transactions end to end.</remarks>
public readonly ref struct TransactionList
{
    /// <summary>Transactions in a payload at most (op-node op-service/eth/ssz.go).</summary>
    public const int CountMax = 1 << 20;

    private readonly ReadOnlySpan<byte> _list;
    private readonly ReadOnlySpan<uint> _offsets;

    private TransactionList(ReadOnlySpan<byte> list, ReadOnlySpan<uint> offsets)
    {
        _list = list;
        _offsets = offsets;
    }

    /// <summary>Transactions in the list.</summary>
    public int Count => _offsets.Length;

    /// <summary>The bytes of a transaction: type byte and RLP, or an RLP list for the oldest type.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            int start = (int)_offsets[index];
            int end = index + 1 < _offsets.Length ? (int)_offsets[index + 1] : _list.Length;
            return _list[start..end];
        }
    }

    /// <summary>The transactions root of the block header.</summary>
    /// <param name="backend">Instructions to hash with.</param>
    public Hash32 ComputeRoot(KeccakBackend backend = KeccakBackend.Auto) => OrderedTrie.Root(_list, _offsets, backend);

    /// <summary>True when some transaction has no bytes. The encoding allows it; a block cannot have one.</summary>
    internal bool ContainsEmpty()
    {
        for (int i = 1; i < _offsets.Length; i++)
            if (_offsets[i] == _offsets[i - 1])
                return true;
        return _offsets.Length > 0 && _offsets[^1] == _list.Length;
    }

    /// <summary>Checks the offsets of a list.</summary>
    internal static PayloadFault Read(ReadOnlySpan<byte> list, out TransactionList transactions)
    {
        transactions = default;
        if (list.IsEmpty) return PayloadFault.None;
        if (list.Length < PayloadLayout.OffsetSize) return PayloadFault.BadTransactions;

        // Little-endian like the processor, and it does not mind the alignment.
        uint first = MemoryMarshal.Read<uint>(list);
        if (first == 0 || first % PayloadLayout.OffsetSize != 0 || first > list.Length) return PayloadFault.BadTransactions;
        if (first / PayloadLayout.OffsetSize > CountMax) return PayloadFault.TooManyTransactions;

        ReadOnlySpan<uint> offsets = MemoryMarshal.Cast<byte, uint>(list[..(int)first]);
        uint previous = first;
        foreach (uint offset in offsets)
        {
            if (offset < previous) return PayloadFault.BadTransactions;
            previous = offset;
        }

        if (previous > list.Length) return PayloadFault.BadTransactions;
        transactions = new TransactionList(list, offsets);
        return PayloadFault.None;
    }
}
