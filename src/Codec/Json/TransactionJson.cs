using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Transactions;

namespace OpSync.Codec.Json;

/// <summary>Where a transaction stands.</summary>
/// <param name="BlockHash">Its block.</param>
/// <param name="BlockNumber">Height of the block.</param>
/// <param name="BlockTimestamp">Time of the block, seconds since 1970.</param>
/// <param name="BaseFeePerGas">Base fee of the block, from which the price paid follows.</param>
/// <param name="Version">Layout of the payload: from Canyon on deposits have receipts of version 1.</param>
public readonly record struct TransactionPlace(
    Hash32 BlockHash, ulong BlockNumber, ulong BlockTimestamp, UInt256 BaseFeePerGas, PayloadVersion Version);

/// <summary>Writes transactions as execution clients do, and reads them back (execution-apis; OP Stack deposits spec).</summary>
public static class TransactionJson
{
    /// <summary>Writes a transaction object. <c>from</c> is null where no account can have made the signature.</summary>
    public static void Write(Utf8JsonWriter writer, TransactionView transaction, in TransactionPlace place, int index)
    {
        writer.WriteStartObject();
        writer.WriteData("blockHash"u8, place.BlockHash);
        writer.WriteQuantity("blockNumber"u8, place.BlockNumber);
        writer.WriteQuantity("blockTimestamp"u8, place.BlockTimestamp);
        if (transaction.TryGetSender(out Address sender)) writer.WriteData("from"u8, sender);
        else writer.WriteNull("from"u8);
        writer.WriteQuantity("gas"u8, transaction.Gas);
        WriteFees(writer, transaction, place);
        writer.WriteData("hash"u8, transaction.ComputeHash());
        writer.WriteData("input"u8, transaction.Input);
        if (transaction.To.IsEmpty) writer.WriteNull("to"u8);
        else writer.WriteData("to"u8, transaction.To);
        writer.WriteQuantity("transactionIndex"u8, (ulong)index);
        writer.WriteQuantity("value"u8, transaction.Value);
        writer.WriteQuantity("type"u8, (ulong)transaction.Type);
        if (transaction.Type == TransactionType.Deposit)
        {
            WriteDeposit(writer, transaction, place);
        }
        else
        {
            writer.WriteQuantity("nonce"u8, transaction.Nonce);
            if (transaction.ChainId is { } chainId) writer.WriteQuantity("chainId"u8, chainId);
            if (transaction.Type != TransactionType.Legacy) WriteAccessList(writer, transaction.AccessList);
            if (transaction.Type == TransactionType.SetCode) WriteAuthorizations(writer, transaction.Authorizations);
        }

        writer.WriteQuantity("v"u8, transaction.V);
        writer.WriteQuantity("r"u8, transaction.R);
        writer.WriteQuantity("s"u8, transaction.S);
        if (transaction.Type is TransactionType.AccessList or TransactionType.DynamicFee or TransactionType.SetCode)
            writer.WriteQuantity("yParity"u8, (ulong)transaction.YParity);
        writer.WriteEndObject();
    }

    /// <summary>Reads a transaction object. What follows from other fields (hash, from, yParity beside v) is not looked at.</summary>
    /// <param name="json">The object.</param>
    /// <param name="transaction">The transaction; whatever the fields say, it can be encoded.</param>
    /// <returns>What is wrong, with the field's name; or null.</returns>
    public static string? Read(JsonElement json, out Transaction transaction)
    {
        transaction = new Transaction();
        HexFields fields = new(json);
        ulong type = fields.Has("type") ? fields.UInt64("type") : 0;
        if (type > byte.MaxValue || !Enum.IsDefined((TransactionType)type)) fields.Fail($"type: there is no transaction of type {type} in a block of this kind of chain");
        if (fields.Error is not null) return fields.Error;

        transaction.Type = (TransactionType)type;
        transaction.Gas = fields.UInt64("gas");
        transaction.Value = fields.UInt256("value");
        transaction.Input = fields.Data("input", PayloadByNumber.SizeMax);
        if (fields.Has("to")) transaction.To = fields.Address("to");
        if (transaction.Type == TransactionType.Deposit)
        {
            transaction.SourceHash = fields.Hash("sourceHash");
            transaction.From = fields.Address("from");
            if (fields.Has("mint")) transaction.Mint = fields.UInt256("mint");
            transaction.IsSystemTransaction = fields.Flag("isSystemTx");
            return fields.Error;
        }

        transaction.Nonce = fields.UInt64("nonce");
        transaction.R = fields.UInt256("r");
        transaction.S = fields.UInt256("s");
        ReadFees(fields, transaction);
        ReadParity(fields, transaction);
        if (transaction.Type != TransactionType.Legacy) ReadAccessList(fields, transaction);
        if (transaction.Type == TransactionType.SetCode) ReadAuthorizations(fields, transaction);
        if (transaction.Type == TransactionType.SetCode && transaction.To is null) fields.Fail("to: missing");
        return fields.Error;
    }

    private static void WriteFees(Utf8JsonWriter writer, TransactionView transaction, in TransactionPlace place)
    {
        if (transaction.Type is not (TransactionType.DynamicFee or TransactionType.SetCode))
        {
            writer.WriteQuantity("gasPrice"u8, transaction.GasPrice);
            return;
        }

        UInt256 wanted = UInt256.AddSaturated(place.BaseFeePerGas, transaction.MaxPriorityFeePerGas);
        writer.WriteQuantity("gasPrice"u8, wanted.CompareTo(transaction.MaxFeePerGas) < 0 ? wanted : transaction.MaxFeePerGas);
        writer.WriteQuantity("maxFeePerGas"u8, transaction.MaxFeePerGas);
        writer.WriteQuantity("maxPriorityFeePerGas"u8, transaction.MaxPriorityFeePerGas);
    }

    private static void WriteDeposit(Utf8JsonWriter writer, TransactionView transaction, in TransactionPlace place)
    {
        writer.WriteData("sourceHash"u8, transaction.SourceHash);
        writer.WriteQuantity("mint"u8, transaction.Mint ?? 0);
        if (transaction.IsSystemTransaction) writer.WriteBoolean("isSystemTx"u8, true);
        if (place.Version >= PayloadVersion.V2) writer.WriteQuantity("depositReceiptVersion"u8, 1UL);
    }

    private static void WriteAccessList(Utf8JsonWriter writer, AccessListReader entries)
    {
        writer.WriteStartArray("accessList"u8);
        while (entries.TryReadEntry(out Address address))
        {
            writer.WriteStartObject();
            writer.WriteData("address"u8, address);
            writer.WriteStartArray("storageKeys"u8);
            while (entries.TryReadKey(out Hash32 key)) writer.WriteDataValue(key.Bytes);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteAuthorizations(Utf8JsonWriter writer, AuthorizationReader authorizations)
    {
        writer.WriteStartArray("authorizationList"u8);
        while (authorizations.TryRead(out Authorization authorization))
        {
            writer.WriteStartObject();
            writer.WriteQuantity("chainId"u8, authorization.ChainId);
            writer.WriteData("address"u8, authorization.Address);
            writer.WriteQuantity("nonce"u8, authorization.Nonce);
            writer.WriteQuantity("yParity"u8, (ulong)authorization.YParity);
            writer.WriteQuantity("r"u8, authorization.R);
            writer.WriteQuantity("s"u8, authorization.S);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void ReadFees(HexFields fields, Transaction transaction)
    {
        if (transaction.Type is TransactionType.Legacy or TransactionType.AccessList)
        {
            transaction.GasPrice = fields.UInt256("gasPrice");
            return;
        }

        transaction.MaxFeePerGas = fields.UInt256("maxFeePerGas");
        transaction.MaxPriorityFeePerGas = fields.UInt256("maxPriorityFeePerGas");
    }

    /// <summary>Legacy transactions state v alone, which has the chain id in it; the others have yParity, v, or both.</summary>
    private static void ReadParity(HexFields fields, Transaction transaction)
    {
        const ulong parityBase = 27;
        const ulong chainIdBase = 35;
        if (transaction.Type != TransactionType.Legacy)
        {
            transaction.ChainId = fields.UInt64("chainId");
            ulong parity = fields.UInt64(fields.Has("yParity") ? "yParity" : "v");
            if (parity > 1) fields.Fail("yParity: neither 0 nor 1");
            transaction.YParity = (byte)(parity & 1);
            return;
        }

        UInt256 wide = fields.UInt256("v");
        UInt128 v = new(wide.U1, wide.U0);
        if (wide.U2 == 0 && wide.U3 == 0 && v >= chainIdBase && (v - chainIdBase) / 2 <= ulong.MaxValue)
        {
            transaction.ChainId = (ulong)((v - chainIdBase) / 2);
            transaction.YParity = (byte)((v - chainIdBase) & 1);
        }
        else if (wide == parityBase || wide == parityBase + 1)
        {
            transaction.YParity = (byte)(wide.U0 - parityBase);
        }
        else
        {
            fields.Fail("v: states neither a parity nor a chain id");
        }
    }

    private static void ReadAccessList(HexFields fields, Transaction transaction)
    {
        List<AccessListEntry> entries = [];
        foreach (JsonElement item in fields.Items("accessList", TransactionList.CountMax))
        {
            HexFields entry = new(item, "accessList: ");
            Address address = entry.Address("address");
            List<Hash32> keys = [];
            foreach (JsonElement key in entry.Items("storageKeys", TransactionList.CountMax))
            {
                byte[] bytes = entry.Data(key, "storageKeys", Hash32.Size);
                if (bytes.Length == Hash32.Size) keys.Add(new Hash32(bytes));
                else entry.Fail("storageKeys: a key has not 32 bytes");
            }

            if (entry.Error is not null) fields.Fail(entry.Error);
            entries.Add(new AccessListEntry(address, keys));
        }

        transaction.AccessList = entries;
    }

    private static void ReadAuthorizations(HexFields fields, Transaction transaction)
    {
        List<Authorization> authorizations = [];
        foreach (JsonElement item in fields.Items("authorizationList", TransactionList.CountMax))
        {
            HexFields entry = new(item, "authorizationList: ");
            ulong parity = entry.UInt64("yParity");
            if (parity > byte.MaxValue) entry.Fail("yParity: above 255");
            authorizations.Add(new Authorization(
                entry.UInt256("chainId"), entry.Address("address"), entry.UInt64("nonce"), (byte)parity, entry.UInt256("r"), entry.UInt256("s")));
            if (entry.Error is not null) fields.Fail(entry.Error);
        }

        transaction.Authorizations = authorizations;
    }
}
