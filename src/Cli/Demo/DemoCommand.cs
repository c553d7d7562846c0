using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpSync.Cli.Commands;
using OpSync.Cli.Local;
using OpSync.Cli.Output;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Codec.Samples;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Silo.Peering;
using OpSync.Storage;
using OpSync.Sync.Peers;

namespace OpSync.Cli.Demo;

/// <summary><c>opsync demo</c>: a whole sync on one machine, with peers in other processes.</summary>
internal static class DemoCommand
{
    /// <summary>Blocks that the next peer fetches from the filled store.</summary>
    private const int NextPeerBlocksMax = 200;

    public static Command Create()
    {
        Option<int> blocks = new("--blocks") { Description = "Blocks to make, serve and fill", HelpName = "N", DefaultValueFactory = _ => 2_000 };
        Option<int> peers = new("--peers") { Description = "Serving peers, each a process: from three on, one is slow and one lies", HelpName = "N", DefaultValueFactory = _ => 4 };
        Option<SampleProfile> profile = new("--profile") { Description = "Block size: default 30 kB, small 1 kB, huge 1 MB", DefaultValueFactory = _ => SampleProfile.Default };
        Option<bool> json = CommonOptions.Json();
        Option<string?> dataDir = new("--data-dir") { Description = "Keep everything here; without it a temporary directory is used and deleted", HelpName = "DIR" };
        Option<int> spanBlocks = new("--span-blocks") { Description = "Consecutive blocks asked for in one request; 1 asks for each by itself", HelpName = "N", DefaultValueFactory = _ => new PeerLinkOptions().SpanBlocksMax };
        Option<bool> verbose = new("--verbose") { Description = "Log to stderr" };
        Command command = new("demo", "Make a chain, serve it from several processes, fill it, verify it, serve it on.") { blocks, peers, profile, spanBlocks, json, dataDir, verbose };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            int count = parsed.GetValue(blocks), peerCount = parsed.GetValue(peers);
            if (count is < 1 or > 10_000_000) throw new UsageException($"--blocks {count} must be between 1 and 10000000.");
            if (peerCount is < 1 or > 64) throw new UsageException($"--peers {peerCount} must be between 1 and 64.");
            if (parsed.GetValue(spanBlocks) is < 1 or > 1_024) throw new UsageException($"--span-blocks {parsed.GetValue(spanBlocks)} must be between 1 and 1024.");
            PeerLinkOptions links = new() { SpanBlocksMax = parsed.GetValue(spanBlocks) };
            string? kept = parsed.GetValue(dataDir);
            if (kept is not null && Directory.Exists(kept) && Directory.EnumerateFileSystemEntries(kept).Any())
            {
                throw new UsageException($"--data-dir '{kept}' is not empty: the demo makes a chain of its own and touches no other data.");
            }

            string directory = kept is not null ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("opsync-demo-").FullName;
            try
            {
                return await RunAsync(directory, count, peerCount, parsed.GetValue(profile), links, parsed.GetValue(json), parsed.GetValue(verbose), cancellationToken);
            }
            finally
            {
                if (kept is null) Directory.Delete(directory, recursive: true);
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(
        string directory, int count, int peerCount, SampleProfile profile, PeerLinkOptions links, bool json, bool verbose, CancellationToken cancellationToken)
    {
        string rollup = Path.Combine(directory, "rollup.json"), source = Path.Combine(directory, "source");
        Say($"Making a chain of {count} blocks ({profile.ToString().ToLowerInvariant()} profile) ...");
        (BlockId tip, long sszBytes) = await MakeChainAsync(rollup, source, count, profile, cancellationToken);
        ChainSpec chain = CommonOptions.Chain(null, rollup);

        DemoRole[] roles = [.. Enumerable.Range(0, peerCount).Select(i => RoleOf(i, peerCount))];
        Say($"Starting {peerCount} serving peers: {string.Join(", ", roles.Select(r => r.ToString().ToLowerInvariant()))} ...");
        List<DemoProcess> processes = [];
        try
        {
            foreach (DemoRole role in roles)
            {
                processes.Add(DemoProcess.Start("demo-peer", "--rollup", rollup, "--data-dir", source, "--role", role.ToString()));
            }

            List<Multiaddr> addresses = [];
            foreach (DemoProcess process in processes)
            {
                addresses.Add(CommonOptions.Address("peer", await process.ReadLineAsync(cancellationToken), needsPeer: true));
            }

            return await FillAsync(directory, chain, tip, count, sszBytes, profile, roles, addresses, links, json, verbose, cancellationToken);
        }
        finally
        {
            foreach (DemoProcess process in processes) process.Dispose();
        }
    }

    private static async Task<int> FillAsync(
        string directory, ChainSpec chain, BlockId tip, int count, long sszBytes, SampleProfile profile, DemoRole[] roles,
        List<Multiaddr> addresses, PeerLinkOptions links, bool json, bool verbose, CancellationToken cancellationToken)
    {
        Say("Filling the range. The rates here are raised far above the polite defaults (4 blocks/s per peer), since every peer is ours.");
        SyncPlan plan = new()
        {
            First = tip.Number - (ulong)count + 1,
            Last = tip.Number,
            Anchor = tip,
            Addresses = addresses,
            LogLevel = verbose ? LogLevel.Information : LogLevel.Error,
            Peers = new PeerPolicyOptions { Rate = 1e6, Burst = 1_000_000, LearnsRate = false, InFlightMax = 32 },
            Links = links,
        };
        string target = Path.Combine(directory, "filled");
        SyncOutcome outcome;
        long verified;
        string? problem;
        await using (DataDirectory store = LocalStore.OpenWriter(target, chain))
        {
            using PeerIdentity identity = IdentityFile.LoadOrCreate(Path.Combine(target, IdentityFile.DefaultName));
            using ProgressLine progress = new();
            outcome = await new SyncSession(chain, store, identity, plan).RunAsync(progress.Show, cancellationToken);
            progress.Clear();
            (verified, problem) = await StoreChecks.VerifyAsync(store.Blocks, chain, tip, cancellationToken);
        }

        SyncJson sync = SyncPrinter.ToJson(chain, plan, outcome);
        double raw = RawDisk.Measure(directory);
        (long nextBlocks, double nextSeconds, double secondsToFirst) = outcome.ExitCode == ExitCode.Done
            ? await NextPeerAsync(directory, chain, target, tip, Math.Min(count, NextPeerBlocksMax), cancellationToken)
            : (0, 0, 0);
        bool ok = outcome.ExitCode == ExitCode.Done && problem is null && verified == count && nextBlocks == Math.Min(count, NextPeerBlocksMax);
        DemoJson result = new()
        {
            Profile = profile.ToString().ToLowerInvariant(),
            Blocks = count,
            SszBytes = sszBytes,
            Sync = sync,
            Roles = [.. roles.Select(r => r.ToString().ToLowerInvariant())],
            SecondsToFirstBlock = Math.Round(secondsToFirst, 3),
            Commits = outcome.Commits,
            BlocksPerCommit = outcome.Commits > 0 ? Math.Round((double)count / outcome.Commits, 1) : 0,
            RawSyncedWriteMegabytesPerSecond = Math.Round(raw, 1),
            StoredMegabytesPerSecond = sync.Seconds > 0 ? Math.Round(sync.Bytes / 1e6 / sync.Seconds, 1) : 0,
            Verified = verified,
            NextPeerBlocks = nextBlocks,
            NextPeerSeconds = Math.Round(nextSeconds, 3),
            Ok = ok,
        };
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(result, CliJson.Default.DemoJson));
        }
        else
        {
            SyncPrinter.PrintSummary(sync);
            SyncPrinter.PrintPeers(sync.Peers, result.Roles);
            Say(problem is null ? $"Verified: {verified} stored blocks decoded, hashed and linked to the anchor." : $"Verification failed: {problem}");
            Say(string.Create(CultureInfo.InvariantCulture, $"Durable at {result.StoredMegabytesPerSecond} MB/s in {outcome.Commits} commits ({result.BlocksPerCommit} blocks each); this disk takes {result.RawSyncedWriteMegabytesPerSecond} MB/s of raw synced writes."));
            Say(string.Create(CultureInfo.InvariantCulture, $"Served on: the next peer, another process, filled {nextBlocks} blocks from this store in {nextSeconds:F1} s."));
        }

        return ok ? ExitCode.Done : outcome.ExitCode != ExitCode.Done ? outcome.ExitCode : ExitCode.Failed;
    }

    private static async Task<(BlockId Tip, long SszBytes)> MakeChainAsync(
        string rollup, string source, int count, SampleProfile profile, CancellationToken cancellationToken)
    {
        using DemoProcess maker = DemoProcess.Start(
            "demo-chain", "--rollup", rollup, "--data-dir", source, "--blocks", count.ToString(CultureInfo.InvariantCulture), "--profile", profile.ToString());
        (int exitCode, string output) = await maker.FinishAsync(cancellationToken);
        string[] words = output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (exitCode != ExitCode.Done || words.Length != 2) throw new IOException("The demo's chain could not be made.");
        return (CommonOptions.Block("tip", words[0]), long.Parse(words[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Serves the filled store from a process that only reads it, and lets another process sync from that.</summary>
    private static async Task<(long Blocks, double Seconds, double ToFirst)> NextPeerAsync(
        string directory, ChainSpec chain, string filled, BlockId tip, int count, CancellationToken cancellationToken)
    {
        string rollup = Path.Combine(directory, "rollup.json");
        using DemoProcess server = DemoProcess.Start("demo-peer", "--rollup", rollup, "--data-dir", filled, "--role", nameof(DemoRole.Honest));
        string address = await server.ReadLineAsync(cancellationToken);
        long started = Stopwatch.GetTimestamp();
        using DemoProcess next = DemoProcess.Start(
            "sync", "--rollup", rollup, "--peer", address, "--first", (tip.Number - (ulong)count + 1).ToString(CultureInfo.InvariantCulture),
            "--last", tip.Number.ToString(CultureInfo.InvariantCulture), "--anchor", tip.ToString(), "--data-dir", Path.Combine(directory, "next"),
            "--peer-rate", "100000", "--timeout", "60", "--json");
        (int exitCode, string output) = await next.FinishAsync(cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (exitCode != ExitCode.Done) return (0, seconds, 0);
        SyncJson? result = JsonSerializer.Deserialize(output.TrimEnd().Split('\n')[^1], CliJson.Default.SyncJson);
        return ((long)(result?.Stored ?? 0), seconds, result?.SecondsToFirstBlock ?? 0);
    }

    private static DemoRole RoleOf(int index, int count) => count < 3
        ? DemoRole.Honest
        : (count - index) switch
        {
            1 => DemoRole.Lying,
            2 => DemoRole.Slow,
            _ => DemoRole.Honest,
        };

    private static void Say(string text) => Console.Error.WriteLine(text);
}
