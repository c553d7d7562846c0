using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;
using Xunit;

namespace OpSync.Codec.Tests.Samples;

public class SampleChainTests
{
    public static TheoryData<SampleProfile, Fork> All =>
        [.. from profile in Enum.GetValues<SampleProfile>() from fork in Enum.GetValues<Fork>() select (profile, fork)];

    [Theory]
    [MemberData(nameof(All))]
    public void Blocks_of_every_profile_and_fork_are_accepted_and_linked(SampleProfile profile, Fork fork)
    {
        SampleChain chain = new(new SampleChainOptions { Profile = profile, Fork = fork });
        (int size, int count) = profile switch
        {
            SampleProfile.Default => (30_000, 60),
            SampleProfile.Small => (1_000, 2),
            _ => (1_000_000, 500),
        };
        PayloadResponseReader reader = new(chain.Spec);
        BlockId parent = chain.Genesis.Facts.Id;
        Assert.Equal(chain.Spec.Genesis, parent);
        Assert.Equal(PayloadFault.None, reader.Read(chain.Genesis.ToWire(), 0, out _));
        foreach (SampleBlock block in chain.Blocks(3))
        {
            Assert.Equal(PayloadFault.None, reader.Read(block.ToWire(), parent.Number + 1, out BlockFacts facts));
            Assert.Equal(block.Facts, facts);
            Assert.Equal(parent.Hash, facts.ParentHash);
            Assert.Equal(chain.Spec.TimestampOf(facts.Number), facts.Timestamp);
            Assert.Equal(count, facts.TransactionCount);
            Assert.InRange(facts.SszLength, size * 98 / 100, size * 104 / 100);
            parent = facts.Id;
        }

        Assert.Equal(3ul, parent.Number);
    }

    [Fact]
    public void Default_blocks_hardly_compress_and_have_transactions_of_many_sizes()
    {
        foreach (SampleBlock block in new SampleChain(new SampleChainOptions()).Blocks(20))
        {
            Assert.True(block.ToWire().Length >= block.Ssz.Length * 8 / 10);
            ExecutionPayloadView.Read(block.Ssz, block.Facts.Version, out ExecutionPayloadView view);
            HashSet<int> sizes = [];
            for (int i = 0; i < view.Transactions.Count; i++) sizes.Add(view.Transactions[i].Length);
            Assert.True(sizes.Count > 30);
        }
    }

    [Fact]
    public void Equal_options_give_equal_chains_and_another_seed_another_one()
    {
        SampleBlock[] first = [.. new SampleChain(new SampleChainOptions { Seed = 5 }).Blocks(5)];
        SampleBlock[] second = [.. new SampleChain(new SampleChainOptions { Seed = 5 }).Blocks(5)];
        SampleBlock[] other = [.. new SampleChain(new SampleChainOptions { Seed = 6 }).Blocks(5)];
        for (int i = 0; i < first.Length; i++)
        {
            Assert.Equal(first[i].Ssz, second[i].Ssz);
            Assert.NotEqual(first[i].Facts.Hash, other[i].Facts.Hash);
        }
    }

    [Fact]
    public void Content_does_not_change_between_releases()
    {
        // Processes of different builds generate the same chain for each other.
        SampleChain chain = new(new SampleChainOptions());
        Assert.Equal(
            "0x15c453f052a039d3d2b8449769e182a92a62399aed6505c5712cccc151580258", chain.Genesis.Facts.Hash.ToString());
        Assert.Equal(
            "0x503146228a3dcd29c14fd1d11c306dc3f5510fdb27b5d0a2c644e237b93e63d9", chain.Blocks(3).Last().Facts.Hash.ToString());
    }

    [Fact]
    public void Split_chain_agrees_below_the_split_and_is_valid_above()
    {
        SampleChainOptions options = new() { Profile = SampleProfile.Small };
        SampleChain split = new(options with { SplitAt = 4, SplitSeed = 99 });
        SampleBlock[] main = [.. new SampleChain(options).Blocks(8)], fork = [.. split.Blocks(8)];
        PayloadResponseReader reader = new(split.Spec);
        for (int i = 0; i < main.Length; i++)
        {
            Assert.Equal(i + 1 < 4, main[i].Facts.Hash == fork[i].Facts.Hash);
            Assert.Equal(PayloadFault.None, reader.Read(fork[i].ToWire(), (ulong)i + 1, out BlockFacts facts));
            Assert.Equal(i == 0 ? split.Genesis.Facts.Hash : fork[i - 1].Facts.Hash, facts.ParentHash);
        }

        Assert.Throws<ArgumentException>(() => new SampleChain(options with { SplitAt = 0 }));
    }
}
