namespace OpSync.Codec.Transactions;

/// <summary>The kinds of transactions that a block of an OP Stack chain can hold. Blob transactions (type 3) are not among them.</summary>
public enum TransactionType : byte
{
    /// <summary>Without a type byte: an RLP list. With or without a chain id (EIP-155).</summary>
    Legacy = 0x00,

    /// <summary>With an access list (EIP-2930).</summary>
    AccessList = 0x01,

    /// <summary>With a priority fee and a fee limit (EIP-1559).</summary>
    DynamicFee = 0x02,

    /// <summary>With authorizations to set code (EIP-7702).</summary>
    SetCode = 0x04,

    /// <summary>From L1, unsigned (OP Stack deposits spec).</summary>
    Deposit = 0x7e,
}
