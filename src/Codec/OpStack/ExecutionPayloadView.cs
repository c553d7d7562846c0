using System.Buffers.Binary;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>An execution payload, in its envelope from version 3 on, read from SSZ where it lies. Copies nothing.</summary>
/// <remarks>The rules are those of op-node's decoder (op-service/eth/ssz.go), with one more: the withdrawals list is empty.</remarks>
public readonly ref struct ExecutionPayloadView
{
    /// <summary>Extra data in bytes at most.</summary>
    public const int ExtraDataMax = 32;

    private readonly ReadOnlySpan<byte> _envelope;
    private readonly ReadOnlySpan<byte> _payload;

    private ExecutionPayloadView(
        ReadOnlySpan<byte> ssz, PayloadVersion version, ReadOnlySpan<byte> extraData, TransactionList transactions)
    {
        int prefix = PayloadLayout.PrefixSize(version);
        _envelope = ssz[..prefix];
        _payload = ssz[prefix..];
        Version = version;
        ExtraData = extraData;
        Transactions = transactions;
    }

    /// <summary>The layout.</summary>
    public PayloadVersion Version { get; }

    /// <summary>Hash of the block below.</summary>
    public Hash32 ParentHash => Hash(PayloadLayout.ParentHash);

    /// <summary>Who receives the fees.</summary>
    public Address FeeRecipient => new(_payload.Slice(PayloadLayout.FeeRecipient, Address.Size));

    /// <summary>Root of the state after the block.</summary>
    public Hash32 StateRoot => Hash(PayloadLayout.StateRoot);

    /// <summary>Root of the receipts.</summary>
    public Hash32 ReceiptsRoot => Hash(PayloadLayout.ReceiptsRoot);

    /// <summary>Bloom filter of the logs, 256 bytes.</summary>
    public ReadOnlySpan<byte> LogsBloom => _payload.Slice(PayloadLayout.LogsBloom, PayloadLayout.LogsBloomSize);

    /// <summary>The field mixHash of the header.</summary>
    public Hash32 PrevRandao => Hash(PayloadLayout.PrevRandao);

    /// <summary>Height of the block.</summary>
    public ulong BlockNumber => UInt64(PayloadLayout.BlockNumber);

    /// <summary>Gas the block may use.</summary>
    public ulong GasLimit => UInt64(PayloadLayout.GasLimit);

    /// <summary>Gas the block uses.</summary>
    public ulong GasUsed => UInt64(PayloadLayout.GasUsed);

    /// <summary>Seconds since 1970.</summary>
    public ulong Timestamp => UInt64(PayloadLayout.Timestamp);

    /// <summary>Up to <see cref="ExtraDataMax"/> bytes.</summary>
    public ReadOnlySpan<byte> ExtraData { get; }

    /// <summary>Base fee in wei.</summary>
    public UInt256 BaseFeePerGas => UInt256.ReadLittleEndian(_payload[PayloadLayout.BaseFeePerGas..]);

    /// <summary>The block hash that the sender states. Compare it with <see cref="ComputeBlockHash"/>.</summary>
    public Hash32 BlockHash => Hash(PayloadLayout.BlockHash);

    /// <summary>The transactions.</summary>
    public TransactionList Transactions { get; }

    /// <summary>From version 3 on; before that 0. From Jovian on the data availability footprint, until then 0.</summary>
    public ulong BlobGasUsed => Version >= PayloadVersion.V3 ? UInt64(PayloadLayout.BlobGasUsed) : 0;

    /// <summary>From version 3 on; before that 0.</summary>
    public ulong ExcessBlobGas => Version >= PayloadVersion.V3 ? UInt64(PayloadLayout.ExcessBlobGas) : 0;

    /// <summary>From version 4 on: the storage root of the L2-to-L1 message passer. Before that zero.</summary>
    public Hash32 WithdrawalsRoot => Version >= PayloadVersion.V4 ? Hash(PayloadLayout.WithdrawalsRoot) : default;

    /// <summary>From version 3 on, out of the envelope. Before that zero.</summary>
    public Hash32 ParentBeaconBlockRoot => _envelope.IsEmpty ? default : new Hash32(_envelope);

    /// <summary>Checks the encoding and gives a view of it.</summary>
    /// <param name="ssz">The whole payload, with its envelope from version 3 on. It must outlive the view.</param>
    /// <param name="version">The layout, by the fork schedule: it does not show in the bytes.</param>
    /// <param name="view">The view; use it only when there is no fault.</param>
    public static PayloadFault Read(ReadOnlySpan<byte> ssz, PayloadVersion version, out ExecutionPayloadView view)
    {
        view = default;
        int fixedSize = PayloadLayout.FixedSize(version);
        int prefix = PayloadLayout.PrefixSize(version);
        if (ssz.Length < prefix + fixedSize) return PayloadFault.TooShort;

        ReadOnlySpan<byte> payload = ssz[prefix..];
        uint extraDataAt = Offset(payload, PayloadLayout.ExtraDataOffset);
        uint transactionsAt = Offset(payload, PayloadLayout.TransactionsOffset);
        uint end = (uint)payload.Length;
        if (extraDataAt != fixedSize) return PayloadFault.BadExtraData;
        if (transactionsAt < extraDataAt || transactionsAt > end) return PayloadFault.BadTransactionsOffset;
        if (transactionsAt - extraDataAt > ExtraDataMax) return PayloadFault.BadExtraData;

        if (version >= PayloadVersion.V2)
        {
            uint withdrawalsAt = Offset(payload, PayloadLayout.WithdrawalsOffset);
            if (withdrawalsAt < transactionsAt || withdrawalsAt > end) return PayloadFault.BadWithdrawalsOffset;
            if (withdrawalsAt != end) return PayloadFault.HasWithdrawals;
        }

        PayloadFault fault = TransactionList.Read(payload[(int)transactionsAt..], out TransactionList transactions);
        if (fault != PayloadFault.None) return fault;

        view = new ExecutionPayloadView(ssz, version, payload[(int)extraDataAt..(int)transactionsAt], transactions);
        return PayloadFault.None;
    }

    /// <summary>The block hash that follows from the content.</summary>
    /// <param name="backend">Instructions to hash the transactions with.</param>
    public Hash32 ComputeBlockHash(KeccakBackend backend = KeccakBackend.Auto) =>
        BlockHeaderView.Of(this, Transactions.ComputeRoot(backend)).ComputeHash();

    private static uint Offset(ReadOnlySpan<byte> payload, int at) => BinaryPrimitives.ReadUInt32LittleEndian(payload[at..]);

    private Hash32 Hash(int at) => new(_payload.Slice(at, Hash32.Size));

    private ulong UInt64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_payload[at..]);
}
