namespace OpSync.Codec.OpStack;

/// <summary>Why a response, or a payload from anywhere else, is not a good block. See <see cref="PayloadFaults"/> for what each
/// one means for its sender.</summary>
public enum PayloadFault : byte
{
    /// <summary>Nothing is wrong.</summary>
    None = 0,

    /// <summary>The stream ended without a byte.</summary>
    Empty,

    /// <summary>Result code 1: the peer lacks the block.</summary>
    NotFound,

    /// <summary>Result code 2: the peer finds the number out of range.</summary>
    InvalidRequest,

    /// <summary>Any other result code: the peer has too much to do, or failed.</summary>
    ServerError,

    /// <summary>The answer stops in the middle.</summary>
    Truncated,

    /// <summary>More bytes than a response may have, or that its content may have.</summary>
    TooLarge,

    /// <summary>A version on the wire that does not exist.</summary>
    UnknownVersion,

    /// <summary>A version on the wire, or a timestamp, of another fork than that of the block asked for.</summary>
    WrongFork,

    /// <summary>The content is not snappy's framing format, or a checksum is wrong.</summary>
    BadSnappy,

    /// <summary>Fewer bytes than the fixed part of the payload.</summary>
    TooShort,

    /// <summary>The extra data is not where it has to be, or longer than 32 bytes.</summary>
    BadExtraData,

    /// <summary>The transactions list is not where it can be.</summary>
    BadTransactionsOffset,

    /// <summary>The offsets in the transactions list descend, leave it, or do not begin behind themselves.</summary>
    BadTransactions,

    /// <summary>More transactions than a block may have.</summary>
    TooManyTransactions,

    /// <summary>A transaction without a byte: no engine can execute it.</summary>
    EmptyTransaction,

    /// <summary>The withdrawals list is not where it can be.</summary>
    BadWithdrawalsOffset,

    /// <summary>A withdrawal: there is none on OP chains, and the block hash does not cover the list from Isthmus on.</summary>
    HasWithdrawals,

    /// <summary>Another block than the one asked for.</summary>
    WrongNumber,

    /// <summary>The stated block hash is not that of the block.</summary>
    WrongHash,
}

/// <summary>What a fault says of its sender.</summary>
public enum PayloadFaultKind : byte
{
    /// <summary>A good block.</summary>
    None,

    /// <summary>A clear answer that is not a block. No lie: the block may be had elsewhere, or later.</summary>
    Refused,

    /// <summary>No complete answer. An honest server whose deadline passes while it writes ends its stream this way.</summary>
    CutShort,

    /// <summary>Bytes that no honest and working peer sends.</summary>
    Malformed,
}

/// <summary>Judges faults.</summary>
public static class PayloadFaults
{
    /// <summary>What the fault says of its sender.</summary>
    public static PayloadFaultKind Kind(this PayloadFault fault) => fault switch
    {
        PayloadFault.None => PayloadFaultKind.None,
        PayloadFault.NotFound or PayloadFault.InvalidRequest or PayloadFault.ServerError => PayloadFaultKind.Refused,
        PayloadFault.Empty or PayloadFault.Truncated => PayloadFaultKind.CutShort,
        _ => PayloadFaultKind.Malformed,
    };

    /// <summary>True for bytes that prove a fault of their sender.</summary>
    public static bool IsMalformed(this PayloadFault fault) => fault.Kind() == PayloadFaultKind.Malformed;

    /// <summary>True for a clear answer that is not a block.</summary>
    public static bool IsRefusal(this PayloadFault fault) => fault.Kind() == PayloadFaultKind.Refused;
}
