using System.Diagnostics;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;
using OpSync.Codec.Trie;

namespace OpSync.Codec.OpStack;

/// <summary>The fields of a block header, whose RLP is what the block hash is the hash of.</summary>
/// <remarks>A header is the payload with roots in place of the lists. Fields that no L2 block sets otherwise are constants
/// here: no ommers, difficulty and nonce 0, no requests.</remarks>
public readonly ref struct BlockHeaderView
{
    /// <summary>Bytes of an encoded header at most.</summary>
    public const int SizeMax = 768;

    // The logs bloom alone needs a header with two bytes of length.
    private const int ListHeaderSize = 3;

    /// <summary>Keccak-256 of the empty RLP list.</summary>
    internal static ReadOnlySpan<byte> EmptyOmmersHash =>
    [
        0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
        0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47,
    ];

    /// <summary>SHA-256 of nothing (EIP-7685).</summary>
    internal static ReadOnlySpan<byte> EmptyRequestsHash =>
    [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
        0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ];

    /// <summary>Decides which of the later fields a header has.</summary>
    public required PayloadVersion Version { get; init; }

    /// <summary>Hash of the block below.</summary>
    public required Hash32 ParentHash { get; init; }

    /// <summary>Who receives the fees.</summary>
    public required Address FeeRecipient { get; init; }

    /// <summary>Root of the state after the block.</summary>
    public required Hash32 StateRoot { get; init; }

    /// <summary>Root of the transactions.</summary>
    public required Hash32 TransactionsRoot { get; init; }

    /// <summary>Root of the receipts.</summary>
    public required Hash32 ReceiptsRoot { get; init; }

    /// <summary>Bloom filter of the logs, 256 bytes.</summary>
    public required ReadOnlySpan<byte> LogsBloom { get; init; }

    /// <summary>Height of the block.</summary>
    public required ulong Number { get; init; }

    /// <summary>Gas the block may use.</summary>
    public required ulong GasLimit { get; init; }

    /// <summary>Gas the block uses.</summary>
    public required ulong GasUsed { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required ulong Timestamp { get; init; }

    /// <summary>Up to <see cref="ExecutionPayloadView.ExtraDataMax"/> bytes.</summary>
    public required ReadOnlySpan<byte> ExtraData { get; init; }

    /// <summary>The field mixHash.</summary>
    public required Hash32 PrevRandao { get; init; }

    /// <summary>Base fee in wei.</summary>
    public required UInt256 BaseFeePerGas { get; init; }

    /// <summary>Written from version 4 on; before that the list is there and empty.</summary>
    public Hash32 WithdrawalsRoot { get; init; }

    /// <summary>Written from version 3 on.</summary>
    public ulong BlobGasUsed { get; init; }

    /// <summary>Written from version 3 on.</summary>
    public ulong ExcessBlobGas { get; init; }

    /// <summary>Written from version 3 on.</summary>
    public Hash32 ParentBeaconBlockRoot { get; init; }

    /// <summary>The header of a payload.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="transactionsRoot">The root of its transactions.</param>
    public static BlockHeaderView Of(ExecutionPayloadView payload, Hash32 transactionsRoot) => new()
    {
        Version = payload.Version,
        ParentHash = payload.ParentHash,
        FeeRecipient = payload.FeeRecipient,
        StateRoot = payload.StateRoot,
        TransactionsRoot = transactionsRoot,
        ReceiptsRoot = payload.ReceiptsRoot,
        LogsBloom = payload.LogsBloom,
        Number = payload.BlockNumber,
        GasLimit = payload.GasLimit,
        GasUsed = payload.GasUsed,
        Timestamp = payload.Timestamp,
        ExtraData = payload.ExtraData,
        PrevRandao = payload.PrevRandao,
        BaseFeePerGas = payload.BaseFeePerGas,
        WithdrawalsRoot = payload.WithdrawalsRoot,
        BlobGasUsed = payload.BlobGasUsed,
        ExcessBlobGas = payload.ExcessBlobGas,
        ParentBeaconBlockRoot = payload.ParentBeaconBlockRoot,
    };

    /// <summary>The block hash.</summary>
    public Hash32 ComputeHash()
    {
        Span<byte> rlp = stackalloc byte[SizeMax];
        return Keccak256.Hash(rlp[..Write(rlp)]);
    }

    /// <summary>Writes the header as RLP.</summary>
    /// <param name="target">Room for <see cref="SizeMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> target)
    {
        int length = WriteFields(target[ListHeaderSize..]);
        RlpWriter header = new(target);
        header.WriteListHeader(length);
        Debug.Assert(header.Written == ListHeaderSize);
        return ListHeaderSize + length;
    }

    private int WriteFields(Span<byte> target)
    {
        Span<byte> baseFee = stackalloc byte[UInt256.Size];
        baseFee = baseFee[BaseFeePerGas.WriteBigEndian(baseFee)..];

        RlpWriter writer = new(target);
        writer.WriteString(ParentHash.Bytes);
        writer.WriteString(EmptyOmmersHash);
        writer.WriteString(FeeRecipient.Bytes);
        writer.WriteString(StateRoot.Bytes);
        writer.WriteString(TransactionsRoot.Bytes);
        writer.WriteString(ReceiptsRoot.Bytes);
        writer.WriteString(LogsBloom);
        writer.WriteUInt64(0);                // difficulty
        writer.WriteUInt64(Number);
        writer.WriteUInt64(GasLimit);
        writer.WriteUInt64(GasUsed);
        writer.WriteUInt64(Timestamp);
        writer.WriteString(ExtraData);
        writer.WriteString(PrevRandao.Bytes);
        writer.WriteString([0, 0, 0, 0, 0, 0, 0, 0]);   // nonce
        writer.WriteString(baseFee);
        if (Version >= PayloadVersion.V2)
            writer.WriteString(Version >= PayloadVersion.V4 ? WithdrawalsRoot.Bytes : OrderedTrie.EmptyRoot.Bytes);
        if (Version >= PayloadVersion.V3)
        {
            writer.WriteUInt64(BlobGasUsed);
            writer.WriteUInt64(ExcessBlobGas);
            writer.WriteString(ParentBeaconBlockRoot.Bytes);
        }

        if (Version >= PayloadVersion.V4) writer.WriteString(EmptyRequestsHash);
        return writer.Written;
    }
}
