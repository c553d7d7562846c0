namespace OpSync.Codec.OpStack;

/// <summary>The distance between blocks from some height on.</summary>
/// <param name="FromNumber">The last block that came at the old distance; the next one is the first at the new.</param>
/// <param name="Milliseconds">Distance, 1 to <see cref="MillisecondsMax"/>. Timestamps keep whole seconds; some chains have several blocks in one.</param>
public readonly record struct BlockTime(ulong FromNumber, ulong Milliseconds)
{
    /// <summary>Longest distance: as many seconds as 32 bits hold, which is what a rollup configuration may say of its first one.</summary>
    public const ulong MillisecondsMax = 1_000ul * uint.MaxValue;
}
