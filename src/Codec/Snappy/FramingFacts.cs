namespace OpSync.Codec.Snappy;

/// <summary>What a decoder saw in a framed stream beside its content.</summary>
/// <param name="HasOptionalChunks">The stream has chunks that carry no content: padding, skippable types, or a stream
/// identifier that is not the first chunk. Its sender chose bytes that nobody needs.</param>
public readonly record struct FramingFacts(bool HasOptionalChunks);
