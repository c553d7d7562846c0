using System.Buffers.Binary;
using OpSync.Codec.Primitives;

namespace OpSync.Contracts.Surrogates;

/// <summary>Carries <see cref="Hash32"/>, whose assembly knows no engine, across a grain boundary.</summary>
[RegisterConverter]
public sealed class Hash32Converter : IConverter<Hash32, Hash32Surrogate>
{
    /// <inheritdoc/>
    public Hash32 ConvertFromSurrogate(in Hash32Surrogate surrogate)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, surrogate.A);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], surrogate.B);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], surrogate.C);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], surrogate.D);
        return new Hash32(bytes);
    }

    /// <inheritdoc/>
    public Hash32Surrogate ConvertToSurrogate(in Hash32 value)
    {
        ReadOnlySpan<byte> bytes = value.Bytes;
        return new Hash32Surrogate
        {
            A = BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            B = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            C = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            D = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
        };
    }
}
