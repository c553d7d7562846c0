using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Surrogates;

/// <summary>Carries <see cref="BlockId"/> across a grain boundary.</summary>
[RegisterConverter]
public sealed class BlockIdConverter : IConverter<BlockId, BlockIdSurrogate>
{
    /// <inheritdoc/>
    public BlockId ConvertFromSurrogate(in BlockIdSurrogate surrogate) => new(surrogate.Number, surrogate.Hash);

    /// <inheritdoc/>
    public BlockIdSurrogate ConvertToSurrogate(in BlockId value) => new() { Number = value.Number, Hash = value.Hash };
}
