using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Blocks;

/// <summary>Quarantine of one height: candidate payloads by hash until one is proven. Keyed by <see cref="BlockGrainKey"/>.</summary>
[Alias("opsync.IBlockGrain")]
public interface IBlockGrain : IGrainWithIntegerCompoundKey
{
    /// <summary>Takes a checked payload into quarantine.</summary>
    [Alias("hold")]
    Task<HoldVerdict> Hold(HeldPayload payload);

    /// <summary>Hands a proven payload to the store writer.</summary>
    [Alias("promote")]
    Task<PromoteVerdict> Promote(PromoteOrder order);

    /// <summary>Drops a candidate.</summary>
    [Alias("reject")]
    Task Reject(Hash32 hash);

    /// <summary>Takes a block that was handed in from outside and whose hash was checked: stores it if somebody vouches for it or
    /// the stored block above names it as its parent, else takes it into quarantine. Repeat it to learn more.</summary>
    [Alias("post")]
    Task<PostAnswer> Post(PostedBlock block);
}
