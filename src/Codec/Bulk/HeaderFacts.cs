using OpSync.Codec.Keccak;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Bulk;

/// <summary>What a header says of its place in a chain.</summary>
/// <param name="Number">Height.</param>
/// <param name="Hash">Keccak-256 of its RLP.</param>
/// <param name="ParentHash">Hash of the block below.</param>
/// <param name="Timestamp">Seconds since 1970.</param>
public readonly record struct HeaderFacts(ulong Number, Hash32 Hash, Hash32 ParentHash, ulong Timestamp)
{
    private const int LogsBloomSize = 256;
    private const int FieldSizeMax = 32;

    /// <summary>Fields of a header up to the base fee (EIP-1559), and with all that forks have added since.</summary>
    private const int FieldsMin = 16, FieldsMax = 21;

    /// <summary>Reads a header and hashes it. The rules of its content are not checked: what counts is whether a trusted block
    /// names its hash, and then the content is that of the chain.</summary>
    public static bool TryRead(ReadOnlySpan<byte> rlp, out HeaderFacts facts)
    {
        facts = default;
        if (rlp.Length > BlockHeaderView.SizeMax) return false;
        RlpReader reader = new(rlp);
        if (!reader.TryReadList(out RlpReader fields) || !reader.IsEnd) return false;

        Hash32 parent = default;
        ulong number = 0, timestamp = 0;
        int count = 0;
        for (; !fields.IsEnd; count++)
        {
            bool read = count switch
            {
                8 => fields.TryReadUInt64(out number),
                11 => fields.TryReadUInt64(out timestamp),
                _ => TryReadBytes(ref fields, count, ref parent),
            };
            if (!read) return false;
        }

        if (count is < FieldsMin or > FieldsMax) return false;
        facts = new HeaderFacts(number, Keccak256.Hash(rlp), parent, timestamp);
        return true;
    }

    private static bool TryReadBytes(ref RlpReader fields, int place, ref Hash32 parent)
    {
        if (!fields.TryReadString(out ReadOnlySpan<byte> value, place == 6 ? LogsBloomSize : FieldSizeMax)) return false;
        if (place != 0) return true;
        if (value.Length != Hash32.Size) return false;
        parent = new Hash32(value);
        return true;
    }
}
