using OpSync.Codec.Primitives;

namespace OpSync.Codec.Transactions;

/// <summary>One entry of a set-code transaction (EIP-7702). Entries that an account did not sign are legal and have no effect.</summary>
/// <param name="ChainId">Chain it is for; 0 for every chain.</param>
/// <param name="Address">Whose code the account takes.</param>
/// <param name="Nonce">Nonce of the account.</param>
/// <param name="YParity">Recovery id of the signature.</param>
/// <param name="R">First half of the signature.</param>
/// <param name="S">Second half of the signature.</param>
public readonly record struct Authorization(UInt256 ChainId, Address Address, ulong Nonce, byte YParity, UInt256 R, UInt256 S);
