using System.Diagnostics.CodeAnalysis;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.OpStack;

/// <summary>Chains known by name, as the superchain registry lists them (August 2026).</summary>
public static class Networks
{
    /// <summary>The names, for messages and help.</summary>
    public static IReadOnlyList<string> Names { get; } = ["op-mainnet", "op-sepolia"];

    /// <summary>OP Mainnet. Its genesis is the migration block: older blocks have another form.</summary>
    public static ChainSpec OpMainnet { get; } = Create(
        chainId: 10,
        genesis: new(105_235_063, Hash32.Parse("0xdbf6a80fef073de06add9b0d14026d6e5a86c85f6d102c36d3d8e9cf89c2afd3")),
        genesisTime: 1_686_068_903,
        l1Genesis: new(17_422_590, Hash32.Parse("0x438335a20d98863a4c0c97999eb2481921ccd28553eac6f913af7c12aec04108")),
        [
            0, 0, 1_704_992_401, 1_708_560_000, 1_710_374_401, 1_720_627_201,
            1_726_070_401, 1_736_445_601, 1_746_806_401, 1_764_691_201, 1_783_526_401,
        ]);

    /// <summary>OP Sepolia.</summary>
    public static ChainSpec OpSepolia { get; } = Create(
        chainId: 11_155_420,
        genesis: new(0, Hash32.Parse("0x102de6ffb001480cc9b8b548fd05c34cd4f46ae4aa91759393db90ea0409887d")),
        genesisTime: 1_691_802_540,
        l1Genesis: new(4_071_408, Hash32.Parse("0x48f520cf4ddaf34c8336e6e490632ea3cf1e5e93b0b2bc6e917557e31845371b")),
        [
            0, 0, 1_699_981_200, 1_703_203_200, 1_708_534_800, 1_716_998_400,
            1_723_478_400, 1_732_633_200, 1_744_905_600, 1_763_568_001, 1_781_712_001,
        ]);

    /// <summary>Finds a chain by its name.</summary>
    /// <param name="name">One of <see cref="Names"/>, in lower case.</param>
    /// <param name="chain">The chain, or null.</param>
    public static bool TryGet(string name, [NotNullWhen(true)] out ChainSpec? chain)
    {
        chain = name switch
        {
            "op-mainnet" => OpMainnet,
            "op-sepolia" => OpSepolia,
            _ => null,
        };
        return chain is not null;
    }

    // Both chains have a block every two seconds.
    private static ChainSpec Create(
        ulong chainId, BlockId genesis, ulong genesisTime, BlockId l1Genesis, ReadOnlySpan<ulong?> forkTimes) =>
        ForkSchedule.TryCreate(forkTimes, out ForkSchedule? forks, out string? error)
            ? new(chainId, genesis, genesisTime, l1Genesis, forks, new BlockTime(genesis.Number, 2_000))
            : throw new InvalidOperationException(error);
}
