namespace OpSync.Codec.OpStack;

/// <summary>The upgrades of the OP Stack in their order. A fork includes all earlier ones.</summary>
public enum Fork : byte
{
    /// <summary>The first protocol with payloads of this form; active from genesis.</summary>
    Bedrock = 0,

    /// <summary>Changes to deposits.</summary>
    Regolith,

    /// <summary>Payload version 2.</summary>
    Canyon,

    /// <summary>Span batches; nothing in a payload.</summary>
    Delta,

    /// <summary>Payload version 3.</summary>
    Ecotone,

    /// <summary>Nothing in a payload.</summary>
    Fjord,

    /// <summary>Nothing in a payload.</summary>
    Granite,

    /// <summary>9 bytes of extra data.</summary>
    Holocene,

    /// <summary>Payload version 4.</summary>
    Isthmus,

    /// <summary>17 bytes of extra data; blobGasUsed carries the data availability footprint.</summary>
    Jovian,

    /// <summary>Nothing in a payload.</summary>
    Karst,
}
