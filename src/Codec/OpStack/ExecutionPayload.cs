using System.Buffers;
using System.Buffers.Binary;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>An execution payload to be filled in and written as SSZ. For reading see <see cref="ExecutionPayloadView"/>.</summary>
/// <remarks>The version is a parameter of every method that needs it: it follows from the fork schedule, never from which
/// fields are set. The withdrawals list is always empty.</remarks>
public sealed class ExecutionPayload
{
    /// <summary>Hash of the block below.</summary>
    public Hash32 ParentHash { get; set; }

    /// <summary>Who receives the fees.</summary>
    public Address FeeRecipient { get; set; }

    /// <summary>Root of the state after the block.</summary>
    public Hash32 StateRoot { get; set; }

    /// <summary>Root of the receipts.</summary>
    public Hash32 ReceiptsRoot { get; set; }

    /// <summary>Bloom filter of the logs: 256 bytes.</summary>
    public byte[] LogsBloom { get; set; } = new byte[PayloadLayout.LogsBloomSize];

    /// <summary>The field mixHash of the header.</summary>
    public Hash32 PrevRandao { get; set; }

    /// <summary>Height of the block.</summary>
    public ulong BlockNumber { get; set; }

    /// <summary>Gas the block may use.</summary>
    public ulong GasLimit { get; set; }

    /// <summary>Gas the block uses.</summary>
    public ulong GasUsed { get; set; }

    /// <summary>Seconds since 1970.</summary>
    public ulong Timestamp { get; set; }

    /// <summary>Up to <see cref="ExecutionPayloadView.ExtraDataMax"/> bytes.</summary>
    public ReadOnlyMemory<byte> ExtraData { get; set; }

    /// <summary>Base fee in wei.</summary>
    public UInt256 BaseFeePerGas { get; set; }

    /// <summary>The stated block hash.</summary>
    public Hash32 BlockHash { get; set; }

    /// <summary>The transactions as bytes, each at least one.</summary>
    public IList<ReadOnlyMemory<byte>> Transactions { get; } = [];

    /// <summary>Written from version 3 on.</summary>
    public ulong BlobGasUsed { get; set; }

    /// <summary>Written from version 3 on.</summary>
    public ulong ExcessBlobGas { get; set; }

    /// <summary>Written from version 4 on.</summary>
    public Hash32 WithdrawalsRoot { get; set; }

    /// <summary>Written into the envelope from version 3 on.</summary>
    public Hash32 ParentBeaconBlockRoot { get; set; }

    /// <summary>Copies all fields out of a view.</summary>
    public static ExecutionPayload From(ExecutionPayloadView view)
    {
        ExecutionPayload payload = new()
        {
            ParentHash = view.ParentHash,
            FeeRecipient = view.FeeRecipient,
            StateRoot = view.StateRoot,
            ReceiptsRoot = view.ReceiptsRoot,
            LogsBloom = view.LogsBloom.ToArray(),
            PrevRandao = view.PrevRandao,
            BlockNumber = view.BlockNumber,
            GasLimit = view.GasLimit,
            GasUsed = view.GasUsed,
            Timestamp = view.Timestamp,
            ExtraData = view.ExtraData.ToArray(),
            BaseFeePerGas = view.BaseFeePerGas,
            BlockHash = view.BlockHash,
            BlobGasUsed = view.BlobGasUsed,
            ExcessBlobGas = view.ExcessBlobGas,
            WithdrawalsRoot = view.WithdrawalsRoot,
            ParentBeaconBlockRoot = view.ParentBeaconBlockRoot,
        };
        for (int i = 0; i < view.Transactions.Count; i++) payload.Transactions.Add(view.Transactions[i].ToArray());
        return payload;
    }

    /// <summary>Size of the SSZ in bytes, envelope included.</summary>
    /// <exception cref="InvalidOperationException">A field is larger than the format allows.</exception>
    /// <exception cref="OverflowException">The size would not fit an array.</exception>
    public int GetSszSize(PayloadVersion version)
    {
        if (ExtraData.Length > ExecutionPayloadView.ExtraDataMax || LogsBloom.Length != PayloadLayout.LogsBloomSize)
            throw new InvalidOperationException("The extra data or the logs bloom has a wrong length.");
        if (Transactions.Count > TransactionList.CountMax)
            throw new InvalidOperationException($"More than {TransactionList.CountMax} transactions.");
        int size = PayloadLayout.PrefixSize(version) + PayloadLayout.FixedSize(version) + ExtraData.Length;
        foreach (ReadOnlyMemory<byte> transaction in Transactions)
            size = checked(size + PayloadLayout.OffsetSize + transaction.Length);
        return size;
    }

    /// <summary>Writes the payload, in its envelope from version 3 on.</summary>
    /// <param name="version">The layout.</param>
    /// <param name="target">Room for <see cref="GetSszSize"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int WriteSsz(PayloadVersion version, Span<byte> target)
    {
        int size = GetSszSize(version);
        int prefix = PayloadLayout.PrefixSize(version);
        target = target[..size];
        if (prefix > 0) ParentBeaconBlockRoot.CopyTo(target);

        Span<byte> payload = target[prefix..];
        ParentHash.CopyTo(payload[PayloadLayout.ParentHash..]);
        FeeRecipient.Bytes.CopyTo(payload[PayloadLayout.FeeRecipient..]);
        StateRoot.CopyTo(payload[PayloadLayout.StateRoot..]);
        ReceiptsRoot.CopyTo(payload[PayloadLayout.ReceiptsRoot..]);
        LogsBloom.CopyTo(payload[PayloadLayout.LogsBloom..]);
        PrevRandao.CopyTo(payload[PayloadLayout.PrevRandao..]);
        WriteUInt64(payload, PayloadLayout.BlockNumber, BlockNumber);
        WriteUInt64(payload, PayloadLayout.GasLimit, GasLimit);
        WriteUInt64(payload, PayloadLayout.GasUsed, GasUsed);
        WriteUInt64(payload, PayloadLayout.Timestamp, Timestamp);
        BaseFeePerGas.WriteLittleEndian(payload[PayloadLayout.BaseFeePerGas..]);
        BlockHash.CopyTo(payload[PayloadLayout.BlockHash..]);
        if (version >= PayloadVersion.V3)
        {
            WriteUInt64(payload, PayloadLayout.BlobGasUsed, BlobGasUsed);
            WriteUInt64(payload, PayloadLayout.ExcessBlobGas, ExcessBlobGas);
        }

        if (version >= PayloadVersion.V4) WithdrawalsRoot.CopyTo(payload[PayloadLayout.WithdrawalsRoot..]);

        int extraDataAt = PayloadLayout.FixedSize(version);
        int transactionsAt = extraDataAt + ExtraData.Length;
        WriteOffset(payload, PayloadLayout.ExtraDataOffset, extraDataAt);
        WriteOffset(payload, PayloadLayout.TransactionsOffset, transactionsAt);
        if (version >= PayloadVersion.V2) WriteOffset(payload, PayloadLayout.WithdrawalsOffset, payload.Length);
        ExtraData.Span.CopyTo(payload[extraDataAt..]);
        WriteTransactions(payload[transactionsAt..]);
        return size;
    }

    /// <summary>The payload as SSZ in an array of exact size.</summary>
    public byte[] ToSsz(PayloadVersion version)
    {
        byte[] ssz = new byte[GetSszSize(version)];
        WriteSsz(version, ssz);
        return ssz;
    }

    /// <summary>The block hash that follows from the content, whatever <see cref="BlockHash"/> states.</summary>
    public Hash32 ComputeBlockHash(PayloadVersion version, KeccakBackend backend = KeccakBackend.Auto)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(GetSszSize(version));
        try
        {
            int size = WriteSsz(version, buffer);
            PayloadFault fault = ExecutionPayloadView.Read(buffer.AsSpan(0, size), version, out ExecutionPayloadView view);
            if (fault != PayloadFault.None) throw new InvalidOperationException($"The payload cannot be read back: {fault}.");
            return view.ComputeBlockHash(backend);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteTransactions(Span<byte> list)
    {
        int at = PayloadLayout.OffsetSize * Transactions.Count;
        for (int i = 0; i < Transactions.Count; i++)
        {
            WriteOffset(list, PayloadLayout.OffsetSize * i, at);
            Transactions[i].Span.CopyTo(list[at..]);
            at += Transactions[i].Length;
        }
    }

    private static void WriteOffset(Span<byte> target, int at, int offset) =>
        BinaryPrimitives.WriteUInt32LittleEndian(target[at..], (uint)offset);

    private static void WriteUInt64(Span<byte> target, int at, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(target[at..], value);
}
