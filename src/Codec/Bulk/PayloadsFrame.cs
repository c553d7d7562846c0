namespace OpSync.Codec.Bulk;

/// <summary>What a part of an answer of payloads was.</summary>
public enum PayloadsFrame : byte
{
    /// <summary>Nothing by itself: more bytes are needed.</summary>
    More,

    /// <summary>The head of a block, whose payload follows.</summary>
    Payload,

    /// <summary>The end, or a refusal: nothing follows.</summary>
    End,

    /// <summary>Malformed.</summary>
    Fault,
}
