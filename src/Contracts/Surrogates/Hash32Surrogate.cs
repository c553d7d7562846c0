namespace OpSync.Contracts.Surrogates;

/// <summary>The four words of a 32-byte hash, in memory order of the bytes read as little-endian.</summary>
[GenerateSerializer, Immutable, Alias("opsync.hash32")]
public struct Hash32Surrogate
{
    /// <summary>Bytes 0 to 7.</summary>
    [Id(0)] public ulong A;

    /// <summary>Bytes 8 to 15.</summary>
    [Id(1)] public ulong B;

    /// <summary>Bytes 16 to 23.</summary>
    [Id(2)] public ulong C;

    /// <summary>Bytes 24 to 31.</summary>
    [Id(3)] public ulong D;
}
