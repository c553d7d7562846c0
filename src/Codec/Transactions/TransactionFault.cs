namespace OpSync.Codec.Transactions;

/// <summary>Why bytes are no transaction.</summary>
public enum TransactionFault : byte
{
    /// <summary>Nothing is wrong.</summary>
    None = 0,

    /// <summary>No bytes.</summary>
    Empty,

    /// <summary>A type byte that is not in <see cref="TransactionType"/>.</summary>
    UnknownType,

    /// <summary>Behind the type byte is not exactly one canonical RLP list, or the list has too many or too few fields.</summary>
    BadList,

    /// <summary>A field before the signature is no canonical integer, too large, or has a wrong length.</summary>
    BadField,

    /// <summary>The access list is not one of addresses and 32-byte keys.</summary>
    BadAccessList,

    /// <summary>The list of authorizations has an entry of another form.</summary>
    BadAuthorizations,

    /// <summary>The signature's numbers are not canonical, or v states neither a parity nor a chain id.</summary>
    BadSignature,
}
