using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>Reads and writes a rollup configuration, the JSON file that op-node takes with <c>--rollup.config</c> and returns
/// from <c>optimism_rollupConfig</c>.</summary>
/// <remarks>Keys that say nothing about blocks are ignored and not written. One key is our own, for chains whose block time
/// changed after genesis: <c>opsync_block_times</c>, a list of <c>{"from_number": 100, "milliseconds": 500}</c>.</remarks>
public static class RollupConfig
{
    /// <summary>Largest file in bytes; real ones have about 2 kB.</summary>
    public const int SizeMax = 1 << 20;

    /// <summary>Changes of the block time in one file at most.</summary>
    public const int BlockTimeChangesMax = 256;

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">UTF-8 without comments.</param>
    /// <param name="chain">The chain, or null.</param>
    /// <param name="error">What is wrong, with the key, in words for the person who wrote the file; or null.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> json, [NotNullWhen(true)] out ChainSpec? chain, [NotNullWhen(false)] out string? error)
    {
        chain = null;
        if (json.Length > SizeMax)
        {
            error = $"{json.Length} bytes are more than the {SizeMax} that a rollup configuration may have";
            return false;
        }

        // Byte order marks are common in files written on Windows.
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        try
        {
            RollupConfigFile? file = JsonSerializer.Deserialize(json, RollupConfigJson.Default.RollupConfigFile);
            chain = Build(file, out error);
        }
        catch (JsonException e)
        {
            error = e.Path is null or "$" ? $"no JSON object of a rollup configuration: {e.Message}" : $"{e.Path[2..]}: {e.Message}";
        }

        return chain is not null;
    }

    /// <summary>Writes what OpSync knows of a chain, in a form that <see cref="TryRead"/> reads back to an equal chain.</summary>
    public static byte[] Write(ChainSpec chain)
    {
        ReadOnlySpan<BlockTime> times = chain.BlockTimes;
        bool isWhole = times[0].Milliseconds % 1_000 == 0;
        RollupConfigFile file = new()
        {
            Genesis = new()
            {
                L1 = new() { Hash = chain.L1Genesis.Hash.ToString(), Number = chain.L1Genesis.Number },
                L2 = new() { Hash = chain.Genesis.Hash.ToString(), Number = chain.Genesis.Number },
                L2Time = chain.GenesisTime,
            },
            BlockTime = Math.Max(1, times[0].Milliseconds / 1_000),
            L2ChainId = chain.ChainId,
            OpsyncBlockTimes = isWhole && times.Length == 1
                ? null
                : [.. times[(isWhole ? 1 : 0)..].ToArray().Select(t => new RollupConfigBlockTime
                {
                    FromNumber = t.FromNumber,
                    Milliseconds = t.Milliseconds,
                })],
        };
        for (Fork fork = Fork.Regolith; (int)fork < ForkSchedule.Count; fork++) file.SetTime(fork, chain.Forks[fork]);
        return JsonSerializer.SerializeToUtf8Bytes(file, RollupConfigJson.Default.RollupConfigFile);
    }

    private static ChainSpec? Build(RollupConfigFile? file, out string? error)
    {
        if (file is null) return Fail("the file holds null instead of an object", out error);
        if (file.Genesis is not { } genesis) return Fail("genesis: missing", out error);
        if (!TryReadId("genesis.l1", genesis.L1, out BlockId l1, out error)) return null;
        if (!TryReadId("genesis.l2", genesis.L2, out BlockId l2, out error)) return null;
        if (genesis.L2Time is not { } genesisTime) return Fail("genesis.l2_time: missing", out error);
        if (file.L2ChainId is not (> 0 and { } chainId)) return Fail("l2_chain_id: missing or 0", out error);
        if (file.BlockTime is not (> 0 and <= uint.MaxValue and { } blockTime))
            return Fail("block_time: missing, 0 or too large; it is a number of seconds", out error);

        Span<ulong?> times = new ulong?[ForkSchedule.Count];
        for (Fork fork = Fork.Regolith; (int)fork < times.Length; fork++) times[(int)fork] = file.GetTime(fork);
        if (!ForkSchedule.TryCreate(times, out ForkSchedule? forks, out error))
        {
            error = $"fork times: {error}";
            return null;
        }

        RollupConfigBlockTime?[] changes = file.OpsyncBlockTimes ?? [];
        if (changes.Length > BlockTimeChangesMax) return Fail($"opsync_block_times: more than {BlockTimeChangesMax}", out error);
        List<BlockTime> blockTimes = [];
        foreach (RollupConfigBlockTime? change in changes)
        {
            if (change is null) return Fail("opsync_block_times: an entry is null", out error);
            blockTimes.Add(new(change.FromNumber, change.Milliseconds));
        }

        // A first change at genesis stands for block_time, which cannot say a fraction of a second.
        if (blockTimes.Count == 0 || blockTimes[0].FromNumber != l2.Number) blockTimes.Insert(0, new(l2.Number, 1_000 * blockTime));

        if (ChainSpec.FindBlockTimeError(l2.Number, blockTimes.ToArray()) is { } wrong)
            return Fail($"opsync_block_times: {wrong}", out error);
        return new ChainSpec(chainId, l2, genesisTime, l1, forks, blockTimes.ToArray());
    }

    private static bool TryReadId(string key, RollupConfigBlock? block, out BlockId id, out string? error)
    {
        id = default;
        error = null;
        if (block is null) error = $"{key}: missing";
        else if (block.Number is null) error = $"{key}.number: missing";
        else if (!Hash32.TryParse(block.Hash, out Hash32 hash)) error = $"{key}.hash: '{block.Hash}' is not a 32-byte hex hash";
        else id = new BlockId(block.Number.Value, hash);
        return error is null;
    }

    private static ChainSpec? Fail(string message, out string? error)
    {
        error = message;
        return null;
    }
}
