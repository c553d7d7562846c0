using System.Buffers;
using OpSync.Codec.Primitives;
using OpSync.Codec.Rlp;

namespace OpSync.Codec.Transactions;

/// <summary>A transaction to be filled in and written as blocks carry it. For reading see <see cref="TransactionView"/>.</summary>
/// <remarks>Each type writes the fields it has, whatever the others hold.</remarks>
public sealed class Transaction
{
    // All that is not input, access list or authorizations: nine integers of up to 33 bytes, an address, two hashes.
    private const int FixedSizeMax = 512;

    private const int AuthorizationSizeMax = 160;
    private const ulong ParityBase = 27;
    private const ulong ChainIdBase = 35;

    /// <summary>The kind.</summary>
    public TransactionType Type { get; set; }

    /// <summary>Chain id; null only for a legacy transaction without one and for deposits.</summary>
    public ulong? ChainId { get; set; }

    /// <summary>Nonce of the sender.</summary>
    public ulong Nonce { get; set; }

    /// <summary>Gas price in wei.</summary>
    public UInt256 GasPrice { get; set; }

    /// <summary>Most wei per gas above the base fee.</summary>
    public UInt256 MaxPriorityFeePerGas { get; set; }

    /// <summary>Most wei per gas in all.</summary>
    public UInt256 MaxFeePerGas { get; set; }

    /// <summary>Gas limit.</summary>
    public ulong Gas { get; set; }

    /// <summary>Receiver; null for a creation.</summary>
    public Address? To { get; set; }

    /// <summary>Wei to transfer.</summary>
    public UInt256 Value { get; set; }

    /// <summary>Call data or init code.</summary>
    public ReadOnlyMemory<byte> Input { get; set; }

    /// <summary>Access list.</summary>
    public IReadOnlyList<AccessListEntry> AccessList { get; set; } = [];

    /// <summary>Authorizations to set code.</summary>
    public IReadOnlyList<Authorization> Authorizations { get; set; } = [];

    /// <summary>Recovery id of the signature, 0 or 1.</summary>
    public byte YParity { get; set; }

    /// <summary>First half of the signature.</summary>
    public UInt256 R { get; set; }

    /// <summary>Second half of the signature.</summary>
    public UInt256 S { get; set; }

    /// <summary>What makes a deposit unique.</summary>
    public Hash32 SourceHash { get; set; }

    /// <summary>Sender of a deposit.</summary>
    public Address From { get; set; }

    /// <summary>Wei that a deposit creates; 0 for none.</summary>
    public UInt256 Mint { get; set; }

    /// <summary>Whether a deposit uses no gas of the block.</summary>
    public bool IsSystemTransaction { get; set; }

    /// <summary>Copies all fields out of a view.</summary>
    public static Transaction Copy(TransactionView view)
    {
        Transaction transaction = new()
        {
            Type = view.Type,
            ChainId = view.ChainId,
            Nonce = view.Nonce,
            GasPrice = view.GasPrice,
            MaxPriorityFeePerGas = view.MaxPriorityFeePerGas,
            MaxFeePerGas = view.MaxFeePerGas,
            Gas = view.Gas,
            To = view.To.IsEmpty ? null : new Address(view.To),
            Value = view.Value,
            Input = view.Input.ToArray(),
            YParity = view.YParity,
            R = view.R,
            S = view.S,
            SourceHash = view.SourceHash,
            Mint = view.Mint ?? 0,
            IsSystemTransaction = view.IsSystemTransaction,
        };
        if (view.Type == TransactionType.Deposit && view.TryGetSender(out Address from)) transaction.From = from;

        List<AccessListEntry> accessList = [];
        AccessListReader entries = view.AccessList;
        while (entries.TryReadEntry(out Address address))
        {
            List<Hash32> keys = [];
            while (entries.TryReadKey(out Hash32 key)) keys.Add(key);
            accessList.Add(new AccessListEntry(address, keys));
        }

        transaction.AccessList = accessList;
        List<Authorization> authorizations = [];
        AuthorizationReader reader = view.Authorizations;
        while (reader.TryRead(out Authorization authorization)) authorizations.Add(authorization);
        transaction.Authorizations = authorizations;
        return transaction;
    }

    /// <summary>The transaction in an array of exact size.</summary>
    /// <exception cref="InvalidOperationException">A typed transaction without a chain id, or set-code without a receiver.</exception>
    public byte[] Encode()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SizeMax());
        try
        {
            // The fields first, behind room for the largest header: then their size is known.
            const int start = 1 + RlpWriter.HeaderSizeMax;
            RlpWriter fields = new(buffer.AsSpan(start));
            WriteFields(ref fields);

            int headerSize = RlpWriter.HeaderSize(fields.Written);
            int first = start - headerSize;
            RlpWriter header = new(buffer.AsSpan(first));
            header.WriteListHeader(fields.Written);
            if (Type != TransactionType.Legacy) buffer[--first] = (byte)Type;
            return buffer.AsSpan(first, start - first + fields.Written).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int KeysSize(AccessListEntry entry) => entry.StorageKeys.Count * (1 + Hash32.Size);

    private static int EntrySize(AccessListEntry entry) => 1 + Address.Size + RlpWriter.HeaderSize(KeysSize(entry)) + KeysSize(entry);

    private int SizeMax()
    {
        int size = checked(FixedSizeMax + Input.Length + Authorizations.Count * AuthorizationSizeMax);
        foreach (AccessListEntry entry in AccessList) size = checked(size + RlpWriter.HeaderSizeMax + EntrySize(entry));
        return size;
    }

    private void WriteFields(ref RlpWriter writer)
    {
        switch (Type)
        {
            case TransactionType.Legacy:
                writer.WriteUInt64(Nonce);
                writer.WriteUInt256(GasPrice);
                WriteCall(ref writer);
                WriteV(ref writer);
                break;
            case TransactionType.Deposit:
                writer.WriteString(SourceHash.Bytes);
                writer.WriteString(From.Bytes);
                WriteTo(ref writer);
                writer.WriteUInt256(Mint);
                writer.WriteUInt256(Value);
                writer.WriteUInt64(Gas);
                writer.WriteUInt64(IsSystemTransaction ? 1UL : 0);
                writer.WriteString(Input.Span);
                return;
            case TransactionType.AccessList or TransactionType.DynamicFee or TransactionType.SetCode:
                WriteTyped(ref writer);
                break;
            default:
                throw new InvalidOperationException($"No transaction type: {Type}.");
        }

        writer.WriteUInt256(R);
        writer.WriteUInt256(S);
    }

    private void WriteTyped(ref RlpWriter writer)
    {
        writer.WriteUInt64(ChainId ?? throw new InvalidOperationException("A typed transaction needs a chain id."));
        writer.WriteUInt64(Nonce);
        if (Type == TransactionType.AccessList)
        {
            writer.WriteUInt256(GasPrice);
        }
        else
        {
            writer.WriteUInt256(MaxPriorityFeePerGas);
            writer.WriteUInt256(MaxFeePerGas);
        }

        if (Type == TransactionType.SetCode && To is null) throw new InvalidOperationException("A set-code transaction needs a receiver.");
        WriteCall(ref writer);
        WriteAccessList(ref writer);
        if (Type == TransactionType.SetCode) WriteAuthorizations(ref writer);
        writer.WriteUInt64(YParity);
    }

    private void WriteCall(ref RlpWriter writer)
    {
        writer.WriteUInt64(Gas);
        WriteTo(ref writer);
        writer.WriteUInt256(Value);
        writer.WriteString(Input.Span);
    }

    private void WriteTo(ref RlpWriter writer) => writer.WriteString(To is { } to ? to.Bytes : []);

    private void WriteV(ref RlpWriter writer)
    {
        if (ChainId is not { } chainId)
        {
            writer.WriteUInt64(ParityBase + YParity);
            return;
        }

        UInt128 v = 2 * (UInt128)chainId + ChainIdBase + YParity;
        writer.WriteUInt256(new UInt256((ulong)v, (ulong)(v >> 64), 0, 0));
    }

    private void WriteAccessList(ref RlpWriter writer)
    {
        int size = 0;
        foreach (AccessListEntry entry in AccessList) size += RlpWriter.HeaderSize(EntrySize(entry)) + EntrySize(entry);
        writer.WriteListHeader(size);
        foreach (AccessListEntry entry in AccessList)
        {
            writer.WriteListHeader(EntrySize(entry));
            writer.WriteString(entry.Address.Bytes);
            writer.WriteListHeader(KeysSize(entry));
            foreach (Hash32 key in entry.StorageKeys) writer.WriteString(key.Bytes);
        }
    }

    private void WriteAuthorizations(ref RlpWriter writer)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Authorizations.Count * AuthorizationSizeMax);
        Span<byte> entry = stackalloc byte[AuthorizationSizeMax];
        try
        {
            RlpWriter list = new(buffer);
            foreach (Authorization authorization in Authorizations)
            {
                RlpWriter fields = new(entry);
                fields.WriteUInt256(authorization.ChainId);
                fields.WriteString(authorization.Address.Bytes);
                fields.WriteUInt64(authorization.Nonce);
                fields.WriteUInt64(authorization.YParity);
                fields.WriteUInt256(authorization.R);
                fields.WriteUInt256(authorization.S);
                list.WriteListHeader(fields.Written);
                list.WriteRaw(entry[..fields.Written]);
            }

            writer.WriteListHeader(list.Written);
            writer.WriteRaw(buffer.AsSpan(0, list.Written));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
