namespace OpSync.Libp2p.Multistream;

/// <summary>How a negotiation ended.</summary>
public enum MultistreamVerdict
{
    /// <summary>Both sides agree on a protocol; the stream is at its first byte.</summary>
    Selected,

    /// <summary>The remote speaks none of the proposed protocols.</summary>
    Refused,

    /// <summary>The remote does not speak multistream-select 1.0, or answered what was not asked.</summary>
    Malformed,

    /// <summary>The remote announced a line above the limit.</summary>
    LineTooLong,

    /// <summary>The remote proposed more protocols than a stream may.</summary>
    TooManyProposals,

    /// <summary>The stream ended or broke before there was an agreement.</summary>
    Closed,
}
