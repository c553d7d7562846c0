using System.CommandLine;
using OpSync.Cli.Commands;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Demo;

/// <summary><c>opsync demo-chain</c>: makes the chain that the demo's peers serve. A process of its own, so that the memory of the
/// syncing process is its own too.</summary>
internal static class DemoChainCommand
{
    private const int GroupBlocks = 256;
    private const long GroupBytes = 8 << 20;

    public static Command Create()
    {
        Option<string> rollup = new("--rollup") { Description = "Where to write the rollup configuration", Required = true };
        Option<string> dataDir = CommonOptions.DataDir();
        Option<int> blocks = new("--blocks") { Required = true };
        Option<SampleProfile> profile = new("--profile");
        Command command = new("demo-chain", "Make the demo's chain.") { rollup, dataDir, blocks, profile };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            SampleChain chain = new(new SampleChainOptions { Profile = parsed.GetValue(profile) });
            await File.WriteAllBytesAsync(parsed.GetValue(rollup)!, RollupConfig.Write(chain.Spec), cancellationToken);
            await using DataDirectory store = LocalStore.OpenWriter(parsed.GetValue(dataDir)!, chain.Spec);
            List<AppendItem> group = [];
            long groupBytes = 0, bytes = 0;
            BlockId tip = default;
            foreach (SampleBlock block in chain.Blocks((ulong)parsed.GetValue(blocks)))
            {
                BlockFacts facts = block.Facts;
                byte[] wire = block.ToWire();
                group.Add(new AppendItem(new StoredBlock(facts.Number, facts.Hash, facts.ParentHash, facts.Timestamp, wire), TrustRank.Configured));
                (groupBytes, bytes, tip) = (groupBytes + wire.Length, bytes + facts.SszLength, new BlockId(facts.Number, facts.Hash));
                if (group.Count < GroupBlocks && groupBytes < GroupBytes) continue;
                await store.Blocks.AppendAsync(group, cancellationToken);
                group.Clear();
                groupBytes = 0;
            }

            if (group.Count > 0) await store.Blocks.AppendAsync(group, cancellationToken);
            await Console.Out.WriteLineAsync($"{tip} {bytes}");
            return ExitCode.Done;
        });
        return command;
    }
}
