using OpSync.Codec.OpStack;
using OpSync.Codec.Samples;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class L2BlockRefTests
{
    public static TheoryData<Fork> Forks => [.. Enum.GetValues<Fork>()];

    [Theory]
    [MemberData(nameof(Forks))]
    public void Origin_is_read_in_the_format_of_every_fork(Fork fork)
    {
        SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Small, Fork = fork });
        foreach (SampleBlock block in chain.Blocks(13))
        {
            ExecutionPayloadView view = View(block);
            Assert.True(L2BlockRef.TryRead(view, chain.Spec, out L2BlockRef reference));
            Assert.Equal(block.Facts.Id, reference.Id);
            Assert.Equal(block.Facts.ParentHash, reference.ParentHash);
            Assert.Equal(block.Facts.Timestamp, reference.Timestamp);
            Assert.Equal(5_000_000 + block.Facts.Number / 6, reference.L1Origin?.Number);
            Assert.Equal(block.Facts.Number % 6, reference.SequenceNumber);
        }
    }

    [Fact]
    public void Genesis_has_the_origin_of_the_chain_and_no_other_block_of_its_number_passes()
    {
        SampleChain chain = new(new SampleChainOptions { Seed = 1 });
        Assert.True(L2BlockRef.TryRead(View(chain.Genesis), chain.Spec, out L2BlockRef reference));
        Assert.Equal(chain.Spec.L1Genesis, reference.L1Origin);
        Assert.Equal(0ul, reference.SequenceNumber);

        SampleChain other = new(new SampleChainOptions { Seed = 2 });
        Assert.False(L2BlockRef.TryRead(View(other.Genesis), chain.Spec, out _));
    }

    [Fact]
    public void Block_without_a_deposit_is_legal_and_has_no_origin()
    {
        SampleChain chain = new(new SampleChainOptions());
        ExecutionPayload payload = new() { BlockNumber = 1 };
        AssertNoOrigin();
        payload.Transactions.Add(new byte[] { 2, 0xc0 });
        AssertNoOrigin();

        void AssertNoOrigin()
        {
            byte[] ssz = payload.ToSsz(PayloadVersion.V4);
            Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(ssz, PayloadVersion.V4, out ExecutionPayloadView view));
            Assert.True(L2BlockRef.TryRead(view, chain.Spec, out L2BlockRef reference));
            Assert.Null(reference.L1Origin);
        }
    }

    [Theory]
    [InlineData(Fork.Regolith)]
    [InlineData(Fork.Ecotone)]
    [InlineData(Fork.Isthmus)]
    [InlineData(Fork.Jovian)]
    public void Every_truncation_of_a_deposit_has_no_attributes_and_no_mutation_throws(Fork fork)
    {
        SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Small, Fork = fork });
        byte[] deposit = View(chain.Blocks(1).Single()).Transactions[0].ToArray();
        Assert.True(L1Attributes.TryRead(deposit, out L1Attributes expected));
        for (int length = 0; length < deposit.Length; length++)
            Assert.False(L1Attributes.TryRead(deposit.AsSpan(0, length), out _));
        Assert.False(L1Attributes.TryRead([.. deposit, 0], out _));

        Mutator mutator = new((ulong)fork, deposit.Length);
        int same = 0;
        for (int i = 0; i < 20_000; i++)
            if (L1Attributes.TryRead(mutator.Next(deposit), out L1Attributes read) && read == expected)
                same++;
        Assert.InRange(same, 1, 19_999);
    }

    [Fact]
    public void Origin_number_beyond_64_bits_is_no_origin()
    {
        SampleChain chain = new(new SampleChainOptions { Profile = SampleProfile.Small, Fork = Fork.Regolith });
        byte[] deposit = View(chain.Blocks(1).Single()).Transactions[0].ToArray();
        int selector = deposit.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x01, 0x5d, 0x8e, 0xb9]);
        deposit[selector + 4 + 23] = 1;
        Assert.False(L1Attributes.TryRead(deposit, out _));
    }

    private static ExecutionPayloadView View(SampleBlock block)
    {
        Assert.Equal(PayloadFault.None, ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView view));
        return view;
    }
}
