using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;

namespace OpSync.Cluster.Kit;

/// <summary>A chain of small blocks in the bytes in which peers send them.</summary>
internal sealed class SampleBlocks
{
    private readonly byte[][] _wires;

    public SampleBlocks(int count)
    {
        SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Small });
        Spec = chain.Spec;
        _wires = new byte[count][];
        foreach (SampleBlock block in chain.Blocks((ulong)count))
        {
            _wires[block.Facts.Number - 1] = block.ToWire();
            Tip = block.Facts.Id;
        }
    }

    public ChainSpec Spec { get; }

    /// <summary>The last block, which a range trusts.</summary>
    public BlockId Tip { get; }

    /// <summary>Blocks 1 to this one.</summary>
    public int Count => _wires.Length;

    /// <summary>The answer for a height, or null where there is no block.</summary>
    public byte[]? Find(ulong number) => number >= 1 && number <= (ulong)_wires.Length ? _wires[number - 1] : null;
}
