using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;

namespace OpSync.Grains.Tests.Kit;

/// <summary>The blocks all tests work with: the right chain and, of the same length and rules, wrong ones.</summary>
internal sealed class TestChain
{
    /// <summary>Highest number of each chain.</summary>
    public const ulong Last = 700;

    private readonly SampleBlock[] _blocks;
    private readonly byte[][] _wires;

    private TestChain(SampleChainOptions options)
    {
        SampleChain chain = new(options);
        Spec = chain.Spec;
        _blocks = [chain.Genesis, .. chain.Blocks(Last)];
        _wires = [.. _blocks.Select(b => b.ToWire())];
    }

    /// <summary>The right chain.</summary>
    public static TestChain Right { get; } = new(Options());

    /// <summary>Well-formed blocks of another history.</summary>
    public static TestChain Wrong { get; } = new(Options(splitAt: 1, splitSeed: 11));

    /// <summary>A history that agrees with none of the others.</summary>
    public static TestChain OtherWrong { get; } = new(Options(splitAt: 1, splitSeed: 12));

    /// <summary>Agrees with the right chain up to block 299.</summary>
    public static TestChain Fork { get; } = new(Options(splitAt: 300, splitSeed: 13));

    public static ulong Id => SampleChainOptions.DefaultChainId;

    public ChainSpec Spec { get; }

    public BlockFacts this[ulong number] => _blocks[number].Facts;

    public BlockId IdAt(ulong number) => _blocks[number].Facts.Id;

    public Hash32 HashAt(ulong number) => _blocks[number].Facts.Hash;

    /// <summary>The success response for a block.</summary>
    public byte[] WireAt(ulong number) => _wires[number];

    private static SampleChainOptions Options(ulong? splitAt = null, ulong splitSeed = 0) =>
        new() { Profile = SampleProfile.Small, SplitAt = splitAt, SplitSeed = splitSeed };
}
