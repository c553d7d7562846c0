namespace OpSync.Codec.Snappy;

/// <summary>Why snappy data was not accepted.</summary>
public enum SnappyFault : byte
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The data ends early: every byte that is there could belong to valid data.</summary>
    Truncated,

    /// <summary>The content is larger than the caller takes.</summary>
    TooLarge,

    /// <summary>The data does not begin with a stream identifier, or with a length of up to 32 bits.</summary>
    BadHeader,

    /// <summary>A chunk of a type or size that the framing format does not allow.</summary>
    BadChunk,

    /// <summary>The content of a chunk does not have the checksum that the chunk states.</summary>
    BadChecksum,

    /// <summary>A compressed block that refers to data before its start, or yields more than it declares.</summary>
    BadBlock,
}
