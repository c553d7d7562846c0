using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;

namespace OpSync.Fuzz.Reference;

/// <summary>The chain of the fuzz targets, and the rules of payload_by_number responses for it, spelled out.</summary>
internal static class SlowResponse
{
    public const ulong GenesisTime = 1_000;
    public const ulong BlockSeconds = 2;

    /// <summary>First number of Canyon, Ecotone and Isthmus.</summary>
    public const ulong Canyon = 100, Ecotone = 200, Isthmus = 300;

    public static ChainSpec Chain { get; } = Create();

    public static ulong TimestampOf(ulong number) => GenesisTime + BlockSeconds * number;

    public static int VersionAt(ulong timestamp) =>
        timestamp >= TimestampOf(Isthmus) ? 4 : timestamp >= TimestampOf(Ecotone) ? 3 : timestamp >= TimestampOf(Canyon) ? 2 : 1;

    /// <summary>The block in a response and its SSZ; null where any rule is broken.</summary>
    public static (SlowPayload Payload, byte[] Ssz, byte[] Hash)? Decode(byte[] response, ulong number, bool acceptVersion2)
    {
        if (response.Length < 5 || response[0] != 0) return null;
        int version = number > 1ul << 40 ? 4 : VersionAt(TimestampOf(number));   // far numbers have far times
        uint wire = BitConverter.ToUInt32(response, 1);
        if (wire != (version >= 3 ? 1u : 0u) && !(acceptVersion2 && wire == 2 && version == 4)) return null;
        if (SlowSnappy.Stream(response.AsSpan(5), PayloadByNumber.SizeMax) is not { } stream) return null;
        if (SlowPayload.Decode(stream.Content, version) is not { } payload) return null;
        if (payload.Number != number || VersionAt(payload.Timestamp) != version || payload.Transactions.Any(t => t.Length == 0)) return null;
        byte[] hash = payload.BlockHash();
        return hash.AsSpan().SequenceEqual(payload.StatedHash) ? (payload, stream.Content, hash) : null;
    }

    private static ChainSpec Create()
    {
        ulong?[] times = new ulong?[ForkSchedule.Count];
        foreach (Fork fork in Enum.GetValues<Fork>())
        {
            if (fork is >= Fork.Canyon and <= Fork.Isthmus)
                times[(int)fork] = TimestampOf(fork < Fork.Ecotone ? Canyon : fork < Fork.Isthmus ? Ecotone : Isthmus);
        }

        Assert.True(ForkSchedule.TryCreate(times, out ForkSchedule? forks, out string? error), error);
        return new ChainSpec(4_242, new BlockId(0, new Hash32(new byte[32])), GenesisTime, default, forks, new BlockTime(0, 1_000 * BlockSeconds));
    }
}
