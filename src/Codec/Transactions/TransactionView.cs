using System.Buffers;
using OpSync.Codec.Keccak;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;
using OpSync.Codec.Secp256k1;

namespace OpSync.Codec.Transactions;

/// <summary>A transaction read where it lies, in the form in which blocks carry it (EIP-2718). Copies nothing.</summary>
/// <remarks>Only the canonical form is accepted, so what is accepted is written back to the same bytes by
/// <see cref="Transaction"/>. Chain ids of more than 64 bits are refused: an OP Stack chain has none. Whether the transaction
/// may be executed (fees, low s, the chain's own id) is not looked at: the block hash answers that.</remarks>
public readonly ref partial struct TransactionView
{
    private const ulong ParityBase = 27;
    private const ulong ChainIdBase = 35;

    private readonly ReadOnlySpan<byte> _bytes;

    // The items of the list that are signed over, as they lie.
    private readonly ReadOnlySpan<byte> _unsigned;

    private TransactionView(ReadOnlySpan<byte> bytes, TransactionType type, scoped in Fields fields)
    {
        _bytes = bytes;
        _unsigned = fields.Unsigned;
        Type = type;
        ChainId = fields.ChainId;
        Nonce = fields.Nonce;
        GasPrice = fields.GasPrice;
        MaxPriorityFeePerGas = fields.Tip;
        MaxFeePerGas = fields.MaxFee;
        Gas = fields.Gas;
        To = fields.To;
        Value = fields.Value;
        Input = fields.Input;
        AccessListItems = fields.AccessList;
        AuthorizationItems = fields.Authorizations;
        YParity = fields.YParity;
        R = fields.R;
        S = fields.S;
        SourceHash = fields.SourceHash;
        DepositFrom = fields.From;
        Mint = fields.Mint;
        IsSystemTransaction = fields.IsSystem;
    }

    /// <summary>The kind.</summary>
    public TransactionType Type { get; }

    /// <summary>The bytes it was read from.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Chain id; null for a legacy transaction without one and for deposits.</summary>
    public ulong? ChainId { get; }

    /// <summary>Nonce of the sender; 0 for deposits, which carry none.</summary>
    public ulong Nonce { get; }

    /// <summary>Gas price in wei of legacy and access list transactions, else 0.</summary>
    public UInt256 GasPrice { get; }

    /// <summary>Most wei per gas above the base fee, of the types that have it, else 0.</summary>
    public UInt256 MaxPriorityFeePerGas { get; }

    /// <summary>Most wei per gas in all, of the types that have it, else 0.</summary>
    public UInt256 MaxFeePerGas { get; }

    /// <summary>Gas limit.</summary>
    public ulong Gas { get; }

    /// <summary>Receiver: 20 bytes, or none for a creation.</summary>
    public ReadOnlySpan<byte> To { get; }

    /// <summary>Wei to transfer.</summary>
    public UInt256 Value { get; }

    /// <summary>Call data or init code.</summary>
    public ReadOnlySpan<byte> Input { get; }

    /// <summary>The access list; empty for types without one.</summary>
    public AccessListReader AccessList => new(AccessListItems);

    /// <summary>The authorizations; empty for types without them.</summary>
    public AuthorizationReader Authorizations => new(AuthorizationItems);

    /// <summary>Recovery id of the signature, 0 or 1. 0 for deposits.</summary>
    public byte YParity { get; }

    /// <summary>First half of the signature; 0 for deposits.</summary>
    public UInt256 R { get; }

    /// <summary>Second half of the signature; 0 for deposits.</summary>
    public UInt256 S { get; }

    /// <summary>What makes a deposit unique; zero for other types.</summary>
    public Hash32 SourceHash { get; }

    /// <summary>Wei that a deposit creates; null where it states none. Zero and none are the same bytes.</summary>
    public UInt256? Mint { get; }

    /// <summary>True for a deposit that uses no gas of the block: none since Regolith.</summary>
    public bool IsSystemTransaction { get; }

    /// <summary>The value v of a legacy signature: parity and chain id (EIP-155).</summary>
    public UInt256 V => Type != TransactionType.Legacy
        ? YParity
        : ChainId is { } chainId ? ToUInt256(2 * (UInt128)chainId + ChainIdBase + YParity) : ParityBase + YParity;

    internal ReadOnlySpan<byte> AccessListItems { get; }

    internal ReadOnlySpan<byte> AuthorizationItems { get; }

    private Address DepositFrom { get; }

    /// <summary>Checks the encoding and gives a view of it.</summary>
    /// <param name="bytes">The transaction. It must outlive the view.</param>
    /// <param name="transaction">The view; use it only when there is no fault.</param>
    public static TransactionFault Read(ReadOnlySpan<byte> bytes, out TransactionView transaction)
    {
        transaction = default;
        if (bytes.IsEmpty) return TransactionFault.Empty;

        TransactionType type = bytes[0] >= 0xc0 ? TransactionType.Legacy : (TransactionType)bytes[0];
        RlpReader outer = new(bytes[0] >= 0xc0 ? bytes : bytes[1..]);
        bool isList = outer.TryReadList(out RlpReader list) && outer.IsEnd;
        Fields fields = default;
        TransactionFault fault;
        switch (type)
        {
            case TransactionType.Legacy when bytes[0] >= 0xc0:
                fault = isList ? fields.ReadLegacy(ref list) : TransactionFault.BadList;
                break;
            case TransactionType.AccessList or TransactionType.DynamicFee or TransactionType.SetCode:
                fault = isList ? fields.ReadTyped(ref list, type) : TransactionFault.BadList;
                break;
            case TransactionType.Deposit:
                fault = isList ? fields.ReadDeposit(ref list) : TransactionFault.BadList;
                break;
            default:
                return TransactionFault.UnknownType;
        }

        if (fault != TransactionFault.None) return fault;
        if (!list.IsEnd) return TransactionFault.BadList;
        transaction = new TransactionView(bytes, type, fields);
        return TransactionFault.None;
    }

    /// <summary>The transaction hash.</summary>
    public Hash32 ComputeHash() => Keccak256.Hash(_bytes);

    /// <summary>The hash that the sender signed; of no meaning for deposits.</summary>
    public Hash32 ComputeSigningHash()
    {
        // Type byte and list header in front; for EIP-155 the chain id and two empty strings behind.
        const int frame = 1 + RlpWriter.HeaderSizeMax + 2 + sizeof(ulong) + 2;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(_unsigned.Length + frame);
        try
        {
            bool isTyped = Type != TransactionType.Legacy;
            int suffix = !isTyped && ChainId is { } id ? RlpWriter.UInt64Size(id) + 2 : 0;
            if (isTyped) buffer[0] = (byte)Type;
            int start = isTyped ? 1 : 0;
            RlpWriter writer = new(buffer.AsSpan(start));
            writer.WriteListHeader(_unsigned.Length + suffix);
            writer.WriteRaw(_unsigned);
            if (suffix > 0)
            {
                writer.WriteUInt64(ChainId!.Value);
                writer.WriteUInt64(0);
                writer.WriteUInt64(0);
            }

            return Keccak256.Hash(buffer.AsSpan(0, start + writer.Written));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The sender: stated by a deposit, else recovered from the signature.</summary>
    /// <returns>False where no account can have made the signature.</returns>
    public bool TryGetSender(out Address sender)
    {
        if (Type == TransactionType.Deposit)
        {
            sender = DepositFrom;
            return true;
        }

        Span<byte> signature = stackalloc byte[Secp256k1Ecdsa.SignatureSize];
        R.WriteBigEndian(signature);
        S.WriteBigEndian(signature[UInt256.Size..]);
        signature[^1] = YParity;
        return Secp256k1Ecdsa.TryRecoverAddress(ComputeSigningHash().Bytes, signature, out sender);
    }

    private static UInt256 ToUInt256(UInt128 value) => new((ulong)value, (ulong)(value >> 64), 0, 0);
}
