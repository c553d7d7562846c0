namespace OpSync.Codec.Keccak;

/// <summary>Lanes that take their input from as many messages as there are lanes.</summary>
/// <typeparam name="TWord">A vector of 64-bit integers.</typeparam>
internal unsafe interface IKeccakBatchLanes<TWord> : IKeccakLanes<TWord>
    where TWord : unmanaged
{
    /// <summary>Messages side by side.</summary>
    static abstract int Count { get; }

    /// <summary>Adds one block of <see cref="Keccak256.BlockSize"/> bytes per lane to the state.</summary>
    /// <param name="state">The 25 words.</param>
    /// <param name="blocks">The blocks, one pointer per lane, any alignment.</param>
    /// <param name="keep">Per lane all ones, or zero to start from the empty state: a lane that takes its next message.</param>
    static abstract void Absorb(TWord* state, byte** blocks, TWord keep);
}
