using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class ChainSpecTests
{
    private static readonly ChainSpec Changing = new(
        1, new BlockId(100, default), 1_000, default, ForkSchedule.FromGenesis(Fork.Isthmus),
        new BlockTime(100, 2_000), new BlockTime(110, 500), new BlockTime(120, 250));

    [Theory]
    [InlineData(1_686_068_903ul, Fork.Regolith, PayloadVersion.V1)]
    [InlineData(1_704_992_400ul, Fork.Regolith, PayloadVersion.V1)]
    [InlineData(1_704_992_401ul, Fork.Canyon, PayloadVersion.V2)]
    [InlineData(1_708_560_000ul, Fork.Delta, PayloadVersion.V2)]
    [InlineData(1_710_374_400ul, Fork.Delta, PayloadVersion.V2)]
    [InlineData(1_710_374_401ul, Fork.Ecotone, PayloadVersion.V3)]
    [InlineData(1_720_627_201ul, Fork.Fjord, PayloadVersion.V3)]
    [InlineData(1_726_070_401ul, Fork.Granite, PayloadVersion.V3)]
    [InlineData(1_746_806_400ul, Fork.Holocene, PayloadVersion.V3)]
    [InlineData(1_746_806_401ul, Fork.Isthmus, PayloadVersion.V4)]
    [InlineData(1_764_691_201ul, Fork.Jovian, PayloadVersion.V4)]
    [InlineData(1_783_526_401ul, Fork.Karst, PayloadVersion.V4)]
    [InlineData(ulong.MaxValue, Fork.Karst, PayloadVersion.V4)]
    public void Mainnet_fork_and_version_follow_the_time(ulong time, Fork fork, PayloadVersion version)
    {
        Assert.Equal(fork, Networks.OpMainnet.ForkAt(time));
        Assert.Equal(version, Networks.OpMainnet.VersionAt(time));
    }

    [Fact]
    public void Networks_are_found_by_name_and_others_are_not()
    {
        foreach (string name in Networks.Names) Assert.True(Networks.TryGet(name, out _));
        Assert.True(Networks.TryGet("op-sepolia", out ChainSpec? sepolia));
        Assert.Equal(11_155_420ul, sepolia.ChainId);
        Assert.False(Networks.TryGet("base", out _));
    }

    [Theory]
    [InlineData(105_235_063ul, 1_686_068_903ul)]
    [InlineData(105_235_064ul, 1_686_068_905ul)]
    [InlineData(0ul, 1_686_068_903ul)]
    [InlineData(ulong.MaxValue, ulong.MaxValue)]
    public void Timestamp_of_a_number_counts_from_genesis(ulong number, ulong expected) =>
        Assert.Equal(expected, Networks.OpMainnet.TimestampOf(number));

    [Theory]
    [InlineData(1_686_068_902ul, null)]
    [InlineData(1_686_068_903ul, 105_235_063ul)]
    [InlineData(1_686_068_904ul, 105_235_063ul)]
    [InlineData(1_686_068_905ul, 105_235_064ul)]
    public void Expected_number_is_the_last_block_that_time_allows(ulong time, ulong? expected) =>
        Assert.Equal(expected, Networks.OpMainnet.ExpectedNumberAt(time));

    [Theory]
    [InlineData(100ul, 1_000ul)]
    [InlineData(101ul, 1_002ul)]
    [InlineData(110ul, 1_020ul)]
    [InlineData(111ul, 1_020ul)]
    [InlineData(112ul, 1_021ul)]
    [InlineData(120ul, 1_025ul)]
    [InlineData(121ul, 1_025ul)]
    [InlineData(124ul, 1_026ul)]
    public void Timestamp_follows_a_changed_block_time(ulong number, ulong expected) =>
        Assert.Equal(expected, Changing.TimestampOf(number));

    [Fact]
    public void Expected_number_inverts_timestamps_across_changes()
    {
        for (ulong number = 100; number < 300; number++)
        {
            ulong time = Changing.TimestampOf(number);
            ulong? expected = Changing.ExpectedNumberAt(time);
            Assert.NotNull(expected);
            Assert.True(expected >= number);
            Assert.Equal(time, Changing.TimestampOf(expected.Value));
            Assert.True(Changing.TimestampOf(expected.Value + 1) > time);
        }
    }

    [Fact]
    public void Extreme_times_do_not_overflow()
    {
        Assert.Equal(ulong.MaxValue, Changing.TimestampOf(ulong.MaxValue) | ulong.MaxValue);
        Assert.Equal(ulong.MaxValue, Changing.ExpectedNumberAt(ulong.MaxValue));
        ChainSpec late = new(
            1, new BlockId(ulong.MaxValue - 1, default), ulong.MaxValue, default, ForkSchedule.FromGenesis(Fork.Karst),
            new BlockTime(ulong.MaxValue - 1, BlockTime.MillisecondsMax));
        Assert.Equal(ulong.MaxValue, late.TimestampOf(ulong.MaxValue));
        Assert.Equal(ulong.MaxValue - 1, late.ExpectedNumberAt(ulong.MaxValue));
    }

    [Fact]
    public void Block_times_that_make_no_schedule_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Create());
        Assert.Throws<ArgumentException>(() => Create(new BlockTime(1, 2_000)));
        Assert.Throws<ArgumentException>(() => Create(new BlockTime(0, 0)));
        Assert.Throws<ArgumentException>(() => Create(new BlockTime(0, BlockTime.MillisecondsMax + 1)));
        Assert.Throws<ArgumentException>(() => Create(new BlockTime(0, 1), new BlockTime(5, 1), new BlockTime(5, 2)));

        static ChainSpec Create(params BlockTime[] times) =>
            new(1, default, 0, default, ForkSchedule.FromGenesis(Fork.Bedrock), times);
    }

    [Fact]
    public void Forks_out_of_order_are_refused()
    {
        Assert.False(ForkSchedule.TryCreate([0, 0, 10, null, 20], out _, out string? gap));
        Assert.Contains("Ecotone", gap, StringComparison.Ordinal);
        Assert.False(ForkSchedule.TryCreate([0, 0, 10, 9], out _, out string? early));
        Assert.Contains("Delta", early, StringComparison.Ordinal);
        Assert.True(ForkSchedule.TryCreate([0, null, 10, 10], out ForkSchedule? schedule, out _));
        Assert.Equal(Fork.Delta, schedule.At(10));
        Assert.Equal(Fork.Bedrock, schedule.At(9));
    }
}
