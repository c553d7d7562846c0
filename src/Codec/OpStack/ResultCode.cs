namespace OpSync.Codec.OpStack;

/// <summary>First byte of a response of payload_by_number (op-node p2p/sync.go). Peers may send others; they mean failure.</summary>
public enum ResultCode : byte
{
    /// <summary>The block follows.</summary>
    Success = 0,

    /// <summary>The server lacks the block.</summary>
    NotFound = 1,

    /// <summary>The number is below genesis or in the future.</summary>
    InvalidRequest = 2,

    /// <summary>Everything else, a rate limit included.</summary>
    Unknown = 3,
}
