namespace OpSync.Fuzz.Kit;

/// <summary>One decoder under test: a grammar for its input, and an oracle that knows what has to come out.</summary>
/// <remarks>Used by one thread. Everything a run does follows from its input alone, so that an input can be replayed.</remarks>
internal abstract class FuzzTarget
{
    /// <summary>Short name, for messages and as the seed of the target's random numbers.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes of an input at most; mutations cut what is longer.</summary>
    public virtual int SizeMax => 16_384;

    /// <summary>Work of a run compared with that of other targets; the number of a short run is divided by it.</summary>
    public virtual int Cost => 1;

    /// <summary>Different verdicts that a short run has to reach: fewer mean that the grammar has lost the decoder.</summary>
    public virtual int VerdictsMin => 4;

    /// <summary>Words that the format gives a meaning.</summary>
    public virtual IReadOnlyList<byte[]> Dictionary => [];

    /// <summary>Writes a valid input.</summary>
    public abstract byte[] Generate(Random random);

    /// <summary>Where the parts and the numbers of an input lie, as far as that can still be told after mutations.</summary>
    public virtual void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
    }

    /// <summary>Changes an input in a way that takes more than its bytes to do, such as correcting a checksum afterwards.
    /// Null where the input does not allow it.</summary>
    public virtual byte[]? MutateDeeply(Random random, byte[] input) => null;

    /// <summary>Gives the input to the decoder and checks what comes out.</summary>
    /// <exception cref="FuzzFailure">The decoder and the oracle disagree, or a bound was passed.</exception>
    public abstract Verdict Run(byte[] input);
}
