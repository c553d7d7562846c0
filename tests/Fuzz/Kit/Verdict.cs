namespace OpSync.Fuzz.Kit;

/// <summary>What a decoder made of an input. Inputs with a verdict not seen before are kept and mutated further.</summary>
/// <param name="Accepted">The input was valid.</param>
/// <param name="Code">The decoder's own verdict, with a coarse measure of how far it got; a small set.</param>
internal readonly record struct Verdict(bool Accepted, int Code)
{
    /// <summary>A verdict with a count as its measure, in powers of two.</summary>
    public static Verdict Of(bool accepted, int code, int count = 0) =>
        new(accepted, code << 8 | System.Numerics.BitOperations.Log2((uint)count + 1));
}
