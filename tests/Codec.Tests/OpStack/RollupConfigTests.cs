using System.Text;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Codec.Tests.OpStack;

public class RollupConfigTests
{
    // Shaped like the answer of optimism_rollupConfig, with keys that are of no use here.
    private const string Example = """
        {
          "genesis": {
            "l1": { "hash": "0x438335a20d98863a4c0c97999eb2481921ccd28553eac6f913af7c12aec04108", "number": 17422590 },
            "l2": { "hash": "0xdbf6a80fef073de06add9b0d14026d6e5a86c85f6d102c36d3d8e9cf89c2afd3", "number": 105235063 },
            "l2_time": 1686068903,
            "system_config": {
              "batcherAddr": "0x6887246668a3b87f54deb3b94ba47a6f63f32985",
              "overhead": "0x00000000000000000000000000000000000000000000000000000000000000bc",
              "scalar": "0x00000000000000000000000000000000000000000000000000000000000a6fe0",
              "gasLimit": 30000000,
              "eip1559Params": "0x0000000000000000",
              "operatorFeeParams": "0x0000000000000000000000000000000000000000000000000000000000000000"
            }
          },
          "block_time": 2,
          "max_sequencer_drift": 600,
          "seq_window_size": 3600,
          "channel_timeout": 300,
          "l1_chain_id": 1,
          "l2_chain_id": 10,
          "regolith_time": 0,
          "canyon_time": 1704992401,
          "delta_time": 1708560000,
          "ecotone_time": 1710374401,
          "fjord_time": 1720627201,
          "granite_time": 1726070401,
          "holocene_time": 1736445601,
          "isthmus_time": 1746806401,
          "jovian_time": null,
          "batch_inbox_address": "0xff00000000000000000000000000000000000010",
          "deposit_contract_address": "0xbeb5fc579115071764c7423a4f12edde41f106ed",
          "l1_system_config_address": "0x229047fed2591dbec1ef1118d64f7af3db9eb290",
          "protocol_versions_address": "0x8062abc286f5e7d9428a0ccb9abd71e50d93b935",
          "chain_op_config": { "eip1559Elasticity": "0x6", "eip1559Denominator": "0x32", "eip1559DenominatorCanyon": "0xfa" }
        }
        """;

    [Fact]
    public void File_of_op_node_is_read()
    {
        ChainSpec chain = Read(Example);
        Assert.Equal(10ul, chain.ChainId);
        Assert.Equal(Networks.OpMainnet.Genesis, chain.Genesis);
        Assert.Equal(Networks.OpMainnet.L1Genesis, chain.L1Genesis);
        Assert.Equal(Networks.OpMainnet.GenesisTime, chain.GenesisTime);
        Assert.Equal([new BlockTime(105_235_063, 2_000)], chain.BlockTimes.ToArray());
        for (Fork fork = Fork.Bedrock; fork <= Fork.Isthmus; fork++)
            Assert.Equal(Networks.OpMainnet.Forks[fork], chain.Forks[fork]);
        Assert.Null(chain.Forks[Fork.Jovian]);
        Assert.Null(chain.Forks[Fork.Karst]);
    }

    [Fact]
    public void File_with_a_byte_order_mark_is_read() => Assert.Equal(10ul, Read("\uFEFF" + Example).ChainId);

    [Fact]
    public void Chain_is_written_and_read_back()
    {
        BlockId genesis = new(100, Hash32.Parse(new string('a', 64)));
        ForkSchedule forks = ForkSchedule.FromGenesis(Fork.Ecotone);
        ChainSpec[] chains =
        [
            Networks.OpMainnet,
            Networks.OpSepolia,
            new(7, genesis, 50, genesis, forks, new BlockTime(100, 3_000), new BlockTime(200, 750)),
            new(7, genesis, 50, genesis, forks, new BlockTime(100, 250)),
        ];
        foreach (ChainSpec chain in chains)
        {
            ChainSpec read = Read(Encoding.UTF8.GetString(RollupConfig.Write(chain)));
            Assert.Equal(chain.ChainId, read.ChainId);
            Assert.Equal(chain.Genesis, read.Genesis);
            Assert.Equal(chain.GenesisTime, read.GenesisTime);
            Assert.Equal(chain.L1Genesis, read.L1Genesis);
            Assert.Equal(chain.Forks, read.Forks);
            Assert.Equal(chain.BlockTimes.ToArray(), read.BlockTimes.ToArray());
        }
    }

    [Theory]
    [InlineData("\"l2_chain_id\": 10,", "", "l2_chain_id")]
    [InlineData("\"l2_chain_id\": 10", "\"l2_chain_id\": 0", "l2_chain_id")]
    [InlineData("\"l2_chain_id\": 10", "\"l2_chain_id\": -1", "l2_chain_id")]
    [InlineData("\"l2_chain_id\": 10", "\"l2_chain_id\": \"ten\"", "l2_chain_id")]
    [InlineData("\"block_time\": 2", "\"block_time\": 0", "block_time")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"block_time\": 1", "block_time")]
    [InlineData("\"block_time\": 2", "\"block_time\": 18446744073709551615", "block_time")]
    [InlineData("\"l2_time\": 1686068903,", "", "genesis.l2_time")]
    [InlineData("0xdbf6a8", "0xzbf6a8", "genesis.l2.hash")]
    [InlineData("0x438335", "0x4383", "genesis.l1.hash")]
    [InlineData("\"number\": 105235063", "\"number\": null", "genesis.l2.number")]
    [InlineData("\"genesis\":", "\"genesys\":", "genesis")]
    [InlineData("\"ecotone_time\": 1710374401", "\"ecotone_time\": 5", "Ecotone")]
    [InlineData("\"delta_time\": 1708560000,", "", "Delta")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [{\"from_number\": 5, \"milliseconds\": 1}]", "opsync_block_times")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [{\"from_number\": 5}]", "opsync_block_times")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [null]", "opsync_block_times")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [{\"from_number\": 105235063, \"milliseconds\": 4294967295001}]", "opsync_block_times")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [{\"from_number\": 5, \"milliseconds\": 1}, {\"from_number\": 105235063, \"milliseconds\": 1}]", "opsync_block_times")]
    [InlineData("\"block_time\": 2", "\"block_time\": 2, \"opsync_block_times\": [{\"from_number\": 105235063, \"milliseconds\": 1}, {\"from_number\": 105235063, \"milliseconds\": 1}]", "opsync_block_times")]
    public void Wrong_value_is_named(string good, string bad, string named)
    {
        Assert.Contains(good, Example, StringComparison.Ordinal);
        string json = Example.Replace(good, bad, StringComparison.Ordinal);
        Assert.False(RollupConfig.TryRead(Encoding.UTF8.GetBytes(json), out ChainSpec? chain, out string? error));
        Assert.Null(chain);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("not json")]
    public void Text_that_is_no_object_is_refused(string json)
    {
        Assert.False(RollupConfig.TryRead(Encoding.UTF8.GetBytes(json), out _, out string? error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void File_beyond_the_limit_is_refused_unread()
    {
        Assert.False(RollupConfig.TryRead(new byte[RollupConfig.SizeMax + 1], out _, out string? error));
        Assert.Contains(RollupConfig.SizeMax.ToString(), error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_and_mutation_is_read_or_refused_with_words()
    {
        byte[] json = Encoding.UTF8.GetBytes(Example);
        for (int length = 0; length < json.Length; length++)
            Assert.False(RollupConfig.TryRead(json.AsSpan(0, length), out _, out _));

        Mutator mutator = new(5, json.Length);
        for (int i = 0; i < 2_000; i++)
        {
            bool isRead = RollupConfig.TryRead(mutator.Next(json), out ChainSpec? chain, out string? error);
            Assert.True(isRead == (chain is not null) && isRead == (error is null), Seeds.Describe(i));
        }
    }

    private static ChainSpec Read(string json)
    {
        Assert.True(RollupConfig.TryRead(Encoding.UTF8.GetBytes(json), out ChainSpec? chain, out string? error), error);
        return chain;
    }
}
