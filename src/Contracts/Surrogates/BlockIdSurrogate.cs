using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Surrogates;

/// <summary>Number and hash of a block.</summary>
[GenerateSerializer, Immutable, Alias("opsync.block-id")]
public struct BlockIdSurrogate
{
    /// <summary>Height.</summary>
    [Id(0)] public ulong Number;

    /// <summary>Block hash.</summary>
    [Id(1)] public Hash32 Hash;
}
