using OpSync.Codec.Keccak;
using OpSync.Codec.Trie;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.Trie;

public class OrderedTrieTests
{
    public static TheoryData<KeccakBackend> Backends => [KeccakBackend.Scalar, KeccakBackend.Avx2, KeccakBackend.Avx512];

    [Fact]
    public void Root_of_no_values_is_the_empty_root() =>
        Assert.Equal("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421", OrderedTrie.Root([], []).ToString());

    [Theory]
    [MemberData(nameof(Backends))]
    public void Root_of_every_count_equals_the_definition(KeccakBackend backend)
    {
        Skip.Unless(KeccakBackends.IsSupported(backend), $"This processor has no {backend}.");
        for (int count = 0; count <= 300; count++)
        {
            Random random = Seeds.Create(count);
            AssertRoot([.. Enumerable.Range(0, count).Select(_ => random.NextBytes(random.Next(201)))], backend);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(27)]
    [InlineData(28)]
    [InlineData(29)]
    [InlineData(30)]
    [InlineData(60)]
    public void Root_of_small_equal_sizes_equals_the_definition(int size)
    {
        // Around 28 bytes a leaf changes from standing in its parent to standing there by its hash.
        for (int count = 1; count <= 150; count++)
        {
            Random random = Seeds.Create(count);
            AssertRoot([.. Enumerable.Range(0, count).Select(_ => random.NextBytes(size))]);
        }
    }

    [Fact]
    public void Root_of_one_byte_values_equals_the_definition()
    {
        for (int value = 0; value < 256; value++) AssertRoot([[(byte)value], [(byte)value, 0], [0]]);
    }

    [Theory]
    [InlineData(1_023)]
    [InlineData(1_024)]
    [InlineData(1_025)]
    [InlineData(1_300)]
    [InlineData(4_100)]
    [InlineData(66_000)]
    public void Root_of_long_lists_equals_the_definition(int count)
    {
        Random random = Seeds.Create(count);
        AssertRoot([.. Enumerable.Range(0, count).Select(_ => random.NextBytes(random.Next(50)))]);
    }

    [Fact]
    public void Root_of_large_values_equals_the_definition()
    {
        Random random = Seeds.Create(7);
        AssertRoot([.. Enumerable.Range(0, 20).Select(i => random.NextBytes(i * 4_001)), random.NextBytes(1_000_000)]);
    }

    [Fact]
    public void Offsets_that_descend_or_leave_the_buffer_are_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => OrderedTrie.Root(new byte[10], [5, 4]));
        Assert.ThrowsAny<ArgumentException>(() => OrderedTrie.Root(new byte[10], [0, 11]));
        Assert.ThrowsAny<ArgumentException>(() => OrderedTrie.Root(new byte[10], [0, uint.MaxValue]));
    }

    private static void AssertRoot(byte[][] values, KeccakBackend backend = KeccakBackend.Auto)
    {
        uint[] offsets = new uint[values.Length];
        for (int i = 1; i < values.Length; i++) offsets[i] = offsets[i - 1] + (uint)values[i - 1].Length;
        byte[] root = OrderedTrie.Root(values.SelectMany(v => v).ToArray(), offsets, backend).ToArray();
        Assert.Equal(SlowTrie.Root(values), root);
    }
}
