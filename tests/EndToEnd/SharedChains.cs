using OpSync.EndToEnd;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedChains))]

namespace OpSync.EndToEnd;

/// <summary>Chains that many tests fetch from. Each is made and served when the first test asks, and no test changes it.</summary>
public sealed class SharedChains : IAsyncDisposable
{
    private const int SmallBlocks = 1_600;
    private const int SmallBlocksLong = 4_000;

    private readonly TempDirectory _temp = new();
    private readonly Lazy<Task<ServedChain>> _small, _mainnet;

    public SharedChains()
    {
        _small = new(MakeSmallAsync);
        _mainnet = new(MakeMainnetAsync);
    }

    /// <summary>True for the long form of the tests.</summary>
    internal static bool IsLong { get; } = Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1";

    /// <summary>A made chain of blocks of 1 kB, from block 1 on.</summary>
    internal Task<ServedChain> SmallAsync() => _small.Value;

    /// <summary>Six real blocks of OP Mainnet.</summary>
    internal Task<ServedChain> MainnetAsync() => _mainnet.Value;

    /// <summary>The real blocks of <see cref="MainnetAsync"/>.</summary>
    internal RealBlocks MainnetBlocks { get; } = RealBlocks.Load("op-mainnet", 109279674, 109279679);

    /// <summary>Export file of the real blocks.</summary>
    internal string MainnetArchive => _temp["mainnet.opsync"];

    /// <summary>Makes another data directory with the real blocks, for a test that changes or looks at files.</summary>
    internal async Task ImportMainnetAsync(string directory)
    {
        await MainnetAsync();
        (await Opsync.RunAsync("import", MainnetArchive, "--network", "op-mainnet", "--anchor", MainnetBlocks.Anchor, "--data-dir", directory)).ExpectExit(0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<ServedChain>> chain in new[] { _small, _mainnet })
        {
            if (chain is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }) await (await chain.Value).Server.DisposeAsync();
        }

        _temp.Dispose();
    }

    private async Task<ServedChain> MakeSmallAsync()
    {
        int blocks = IsLong ? SmallBlocksLong : SmallBlocks;
        string[] names = ["--rollup", _temp["rollup.json"]];
        string made = (await Opsync.RunAsync(["demo-chain", .. names, "--data-dir", _temp["small"], "--blocks", $"{blocks}", "--profile", "small"])).ExpectExit(0).Output;
        return new ServedChain(names, _temp["small"], 1, (ulong)blocks, made.Split(' ')[0], await Server.StartAsync([.. names, "--data-dir", _temp["small"]]));
    }

    private async Task<ServedChain> MakeMainnetAsync()
    {
        string[] names = ["--network", "op-mainnet"];
        await MainnetBlocks.WriteArchiveAsync(MainnetArchive);
        (await Opsync.RunAsync(["import", MainnetArchive, .. names, "--anchor", MainnetBlocks.Anchor, "--data-dir", _temp["mainnet"]])).ExpectExit(0);
        return new ServedChain(names, _temp["mainnet"], 109279674, 109279679, MainnetBlocks.Anchor, await Server.StartAsync([.. names, "--data-dir", _temp["mainnet"]]));
    }
}
