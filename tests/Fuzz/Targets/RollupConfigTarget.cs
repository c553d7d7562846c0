using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using OpSync.Codec.OpStack;
using OpSync.Fuzz.Kit;

namespace OpSync.Fuzz.Targets;

/// <summary>The JSON of a rollup configuration.</summary>
internal sealed class RollupConfigTarget : FuzzTarget
{
    private static readonly string[] ForkKeys =
        ["regolith", "canyon", "delta", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian", "karst"];

    public override string Name => "rollup-config";

    public override int SizeMax => 8_192;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "null", "0", "-1", "1e3", "1.0", "18446744073709551615", "18446744073709551616", "4294967296", "true", "[]", "{}", "\"\"",
            "\"genesis\":", "\"l2\":{}", "\"canyon_time\":null", "\"block_time\":2", "\"opsync_block_times\":", "\"\\u0000\"", "\"\\ud800\"",
            "//", "\uFEFF", ",", ":", "[", "]", "{", "}", "\"x\":", "\"a.b['c']\":", "[[[[[[[[[[[[[[[[", "\"from_number\":1", "\"milliseconds\":0",
        }.Select(Encoding.UTF8.GetBytes), [0xff], [0xed, 0xa0, 0x80], [0],
    ];

    public override byte[] Generate(Random random)
    {
        string Hash() => $"\"0x{Convert.ToHexStringLower(NextBytes(random))}\"";
        ulong first = random.Next(2) == 0 ? 0 : (ulong)random.Next();
        List<string> keys =
        [
            $"\"genesis\":{{\"l1\":{{\"hash\":{Hash()},\"number\":{random.Next()}}},\"l2\":{{\"hash\":{Hash()},\"number\":{first}}},\"l2_time\":{random.Next()}}}",
            $"\"block_time\":{1 + random.Next(12)}", $"\"l2_chain_id\":{1 + random.Next()}",
            "\"max_sequencer_drift\":600", "\"batch_inbox_address\":\"0xff00\"",
        ];
        ulong time = 0;
        for (int i = 0, count = random.Next(ForkKeys.Length + 1); i < count; i++) keys.Add($"\"{ForkKeys[i]}_time\":{time += (ulong)random.Next(3)}");
        if (random.Next(3) == 0)
        {
            ulong at = first + (ulong)random.Next(2);
            keys.Add($"\"opsync_block_times\":[{string.Join(',', Enumerable.Range(0, 1 + random.Next(4)).Select(_ =>
                $"{{\"from_number\":{at++ * 1},\"milliseconds\":{1 + random.Next(4_000)}}}"))}]");
        }

        string[] shuffled = [.. keys];
        random.Shuffle(shuffled);
        return Encoding.UTF8.GetBytes($"{(random.Next(8) == 0 ? "\uFEFF" : "")}{{ {string.Join(random.Next(2) == 0 ? "," : ",\n ", shuffled)} }}");
    }

    public override void Describe(ReadOnlySpan<byte> input, Structure structure)
    {
        for (int i = 0; i < input.Length; i++)
        {
            if (",:{}[]\""u8.Contains(input[i]))
            {
                structure.Cut(i);
                structure.Cut(i + 1);
            }
        }
    }

    public override Verdict Run(byte[] input)
    {
        AllocationBound bound = AllocationBound.Start();
        bool isRead = RollupConfig.TryRead(input, out ChainSpec? chain, out string? error);
        bound.End(256 * 1024 + 64 * input.Length);

        FuzzFailure.UnlessEqual(isRead, error is null, "an error and a chain, or neither:");
        FuzzFailure.UnlessEqual(Expect(input), isRead, "document walk and reader disagree:");
        if (chain is null) return Verdict.Of(false, error!.Split(':')[0].Aggregate(7, (sum, c) => sum * 31 + c) & 0xffff);

        byte[] written = RollupConfig.Write(chain);
        FuzzFailure.Unless(RollupConfig.TryRead(written, out ChainSpec? again, out error), "what was written is not read:", error ?? "");
        FuzzFailure.Unless(AreEqual(chain, again!), "what was written reads differently");
        FuzzFailure.UnlessSame(written, RollupConfig.Write(again!), "written again it differs:");
        CheckTimes(chain, input);
        return Verdict.Of(true, 1, chain.BlockTimes.Length);
    }

    /// <summary>Numbers and times against unlimited integers.</summary>
    private static void CheckTimes(ChainSpec chain, byte[] input)
    {
        Random random = new(input.Length);
        BlockTime[] times = chain.BlockTimes.ToArray();
        for (int i = 0; i < 4; i++)
        {
            ulong number = (ulong)random.NextInt64() >> random.Next(64);
            BigInteger milliseconds = (BigInteger)chain.GenesisTime * 1_000;
            for (int k = 0; k < times.Length; k++)
            {
                BigInteger end = k + 1 < times.Length ? BigInteger.Min(number, times[k + 1].FromNumber) : number;
                milliseconds += BigInteger.Max(0, end - times[k].FromNumber) * times[k].Milliseconds;
            }

            BigInteger expected = BigInteger.Min(ulong.MaxValue, milliseconds / 1_000);
            FuzzFailure.UnlessEqual(expected, chain.TimestampOf(number), $"time of {number}:");
            if (number < chain.Genesis.Number || expected == ulong.MaxValue) continue;

            // At its own time a block may exist; one second earlier only blocks of earlier times may.
            ulong? highest = chain.ExpectedNumberAt((ulong)expected);
            FuzzFailure.Unless(highest >= number, "number at a time:", $"{highest} at the time of {number}");
            if (expected > chain.GenesisTime && chain.ExpectedNumberAt((ulong)expected - 1) is { } before)
                FuzzFailure.Unless(chain.TimestampOf(before) < expected, "number before a time:", $"{before}");
        }
    }

    private static bool AreEqual(ChainSpec a, ChainSpec b) =>
        a.ChainId == b.ChainId && a.Genesis == b.Genesis && a.L1Genesis == b.L1Genesis && a.GenesisTime == b.GenesisTime
        && a.Forks.Equals(b.Forks) && a.BlockTimes.SequenceEqual(b.BlockTimes);

    /// <summary>Whether the document is a rollup configuration, by a walk over its tree.</summary>
    private static bool Expect(byte[] input)
    {
        try
        {
            int start = input.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
            using JsonDocument document = JsonDocument.Parse(input.AsMemory(start));
            return IsConfig(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;   // no JSON, or text that is no Unicode
        }
    }

    private static bool IsConfig(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) return false;
        if (!AreSingle(root, ["block_time", "l2_chain_id", "genesis", "opsync_block_times", .. ForkKeys.Select(k => k + "_time")])) return false;
        if (!TryNumber(root, "block_time", out ulong? blockTime) || blockTime is null or 0 or > uint.MaxValue) return false;
        if (!TryNumber(root, "l2_chain_id", out ulong? chainId) || chainId is null or 0) return false;
        if (!TryObject(root, "genesis", out JsonElement genesis) || !TryNumber(genesis, "l2_time", out ulong? time) || time is null) return false;
        if (!AreSingle(genesis, "l1", "l2", "l2_time")) return false;
        if (!TryObject(genesis, "l1", out JsonElement l1) || !IsBlock(l1, out _)) return false;
        if (!TryObject(genesis, "l2", out JsonElement l2) || !IsBlock(l2, out ulong first)) return false;

        ulong? before = 0;
        for (int i = 0; i < ForkKeys.Length; i++)
        {
            if (!TryNumber(root, $"{ForkKeys[i]}_time", out ulong? fork)) return false;
            if (i > 0 && fork is not null && (before is null ? i != 1 : fork < before)) return false;
            before = fork;
        }

        return AreBlockTimes(root, first);
    }

    private static bool AreBlockTimes(JsonElement root, ulong first)
    {
        if (!root.TryGetProperty("opsync_block_times", out JsonElement list) || list.ValueKind == JsonValueKind.Null) return true;
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > 256) return false;
        ulong? last = null;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !AreSingle(entry, "from_number", "milliseconds")) return false;
            if (!TryNumber(entry, "from_number", out ulong? from) || from is null) return false;
            if (!TryNumber(entry, "milliseconds", out ulong? length) || length is null or 0 or > 1_000ul * uint.MaxValue) return false;
            if (last is null ? from < first : from <= last) return false;
            last = from;
        }

        return true;
    }

    private static bool IsBlock(JsonElement block, out ulong number)
    {
        number = 0;
        if (!AreSingle(block, "hash", "number")) return false;
        if (!TryNumber(block, "number", out ulong? read) || read is null) return false;
        number = read.Value;
        if (!block.TryGetProperty("hash", out JsonElement hash) || hash.ValueKind != JsonValueKind.String) return false;
        string digits = hash.GetString()!;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) digits = digits[2..];
        return digits.Length == 64 && digits.All(char.IsAsciiHexDigit);
    }

    /// <summary>True if no key of these stands in the object twice.</summary>
    private static bool AreSingle(JsonElement parent, params IEnumerable<string> keys) =>
        keys.All(key => parent.EnumerateObject().Count(p => p.NameEquals(key)) <= 1);

    private static bool TryObject(JsonElement parent, string key, out JsonElement value) =>
        parent.TryGetProperty(key, out value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>A number of 64 bits, or null where there is none; false for anything else.</summary>
    private static bool TryNumber(JsonElement parent, string key, out ulong? value)
    {
        value = null;
        if (!parent.TryGetProperty(key, out JsonElement element) || element.ValueKind == JsonValueKind.Null) return true;
        bool isNumber = element.ValueKind == JsonValueKind.Number
            && ulong.TryParse(element.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            && element.TryGetUInt64(out number);
        if (isNumber) value = element.GetUInt64();
        return isNumber;
    }

    private static byte[] NextBytes(Random random)
    {
        byte[] bytes = new byte[32];
        random.NextBytes(bytes);
        return bytes;
    }
}
