namespace OpSync.Codec.Keccak;

/// <summary>One message of a batch: a piece of the buffer of heads, followed by a piece of the buffer of bodies.</summary>
/// <remarks>The two pieces let a length prefix be put before bytes that stay where they are. Either may be empty.</remarks>
/// <param name="HeadOffset">Where the first piece starts, in the buffer of heads.</param>
/// <param name="HeadLength">Its length, below <see cref="Keccak256.BlockSize"/>.</param>
/// <param name="BodyOffset">Where the second piece starts, in the buffer of bodies.</param>
/// <param name="BodyLength">Its length.</param>
public readonly record struct KeccakMessage(int HeadOffset, int HeadLength, int BodyOffset, int BodyLength)
{
    /// <summary>A message in one piece.</summary>
    public KeccakMessage(int offset, int length)
        : this(0, 0, offset, length)
    {
    }

    /// <summary>Permutations the message takes; the padding needs at least one byte of the last block.</summary>
    internal long BlockCount => ((long)HeadLength + BodyLength) / Keccak256.BlockSize + 1;
}
