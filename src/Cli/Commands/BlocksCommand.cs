using System.CommandLine;
using System.Text.Json;
using OpSync.Cli.Local;
using OpSync.Cli.Output;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync blocks</c>: looks at and trims what is stored.</summary>
internal static class BlocksCommand
{
    private static readonly BlockRange AllHeights = new(0, long.MaxValue);

    public static Command Create()
    {
        Option<string> dataDir = CommonOptions.DataDir();
        (dataDir.Recursive, dataDir.Required) = (true, false);
        Option<string?> postgres = CommonOptions.Postgres();
        postgres.Recursive = true;
        Option<string?> network = CommonOptions.Network();
        network.Recursive = true;
        Option<string?> rollup = CommonOptions.Rollup();
        rollup.Recursive = true;
        Option<bool> json = CommonOptions.Json();
        json.Recursive = true;

        Command count = new("count", "Number of stored blocks.");
        count.SetAction(async (parsed, ct) =>
        {
            await using StoredBlocks store = await OpenAsync(parsed, ct);
            long blocks = await store.Blocks.CountAsync(ct);
            Print(parsed.GetValue(json), new StoreJson { ChainId = store.Blocks.ChainId, Blocks = blocks }, blocks.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return ExitCode.Done;
        });

        Command islands = new("islands", "Runs of consecutive, linked blocks.");
        islands.SetAction(async (parsed, ct) =>
        {
            await using StoredBlocks store = await OpenAsync(parsed, ct);
            IReadOnlyList<Island> found = await store.Blocks.GetIslandsAsync(AllHeights, TrustRank.Caller, ct);
            StoreJson result = new()
            {
                ChainId = store.Blocks.ChainId,
                Islands = [.. found.Select(i => new StoreJson.Span(i.Range.First, i.Range.Last, i.LastHash.ToString()))],
            };
            Print(parsed.GetValue(json), result, string.Join('\n', found.Select(i => $"{i.Range.First}..{i.Range.Last}  {i.Range.Count} blocks, top {i.LastHash}")));
            return ExitCode.Done;
        });

        Argument<ulong> number = new("N") { Description = "Height" };
        Option<string?> ssz = new("--ssz") { Description = "Write the block's SSZ bytes here", HelpName = "FILE" };
        Command show = new("show", "One block.") { number, ssz };
        show.SetAction(async (parsed, ct) =>
        {
            await using StoredBlocks store = await OpenAsync(parsed, ct);
            ChainSpec chain = Chain(parsed) ?? CommonOptions.ChainOf(store.Chain);
            ulong height = parsed.GetValue(number);
            StoredBlock? block = await store.Blocks.GetAsync(height, TrustRank.Caller, ct);
            if (block is null) throw new IOException($"Height {height} is not stored. 'opsync blocks islands' lists what is.");
            PayloadResponseReader reader = new(chain);
            PayloadFault fault = reader.Read(block.Wire, height, out BlockFacts facts);
            if (fault != PayloadFault.None) throw new IOException($"Height {height} does not decode: {fault}.");
            if (parsed.GetValue(ssz) is { } file) await File.WriteAllBytesAsync(file, reader.Ssz.ToArray(), ct);
            CanonicalEntry? entry = await store.Blocks.GetCanonicalAsync(height, ct);
            BlockJson result = new()
            {
                Number = height,
                Hash = facts.Hash.ToString(),
                ParentHash = facts.ParentHash.ToString(),
                Timestamp = facts.Timestamp,
                Fork = chain.ForkAt(facts.Timestamp).ToString(),
                PayloadVersion = (int)facts.Version,
                Transactions = facts.TransactionCount,
                SszBytes = facts.SszLength,
                WireBytes = block.Wire.Length,
                Rank = (entry?.Rank ?? TrustRank.None).ToString(),
                L1Origin = OriginOf(reader.Ssz, facts.Version, chain),
            };
            if (parsed.GetValue(json)) Console.Out.WriteLine(JsonSerializer.Serialize(result, CliJson.Default.BlockJson));
            else
            {
                Console.Out.WriteLine($"number       {result.Number}\nhash         {result.Hash}\nparent       {result.ParentHash}\ntimestamp    {result.Timestamp}");
                Console.Out.WriteLine($"fork         {result.Fork} (payload V{result.PayloadVersion})\ntransactions {result.Transactions}\nSSZ bytes    {result.SszBytes}");
                Console.Out.WriteLine($"wire bytes   {result.WireBytes}\ntrust        {result.Rank}\nL1 origin    {result.L1Origin ?? "none"}");
            }

            return ExitCode.Done;
        });

        Option<string?> anchor = CommonOptions.Anchor("A block that must be stored under this hash");
        Command verify = new("verify", "Recompute every hash and check every link.") { anchor };
        verify.SetAction(async (parsed, ct) =>
        {
            BlockId? trusted = parsed.GetValue(anchor) is { } text ? CommonOptions.Block("--anchor", text) : null;
            await using StoredBlocks store = await OpenAsync(parsed, ct);
            ChainSpec chain = Chain(parsed) ?? CommonOptions.ChainOf(store.Chain);
            (long verified, string? problem) = await StoreChecks.VerifyAsync(store.Blocks, chain, trusted, ct);
            Print(
                parsed.GetValue(json), new StoreJson { ChainId = chain.ChainId, Verified = verified, Problem = problem },
                problem is null ? $"{verified} blocks verified" : $"{verified} blocks verified, then: {problem}");
            return problem is null ? ExitCode.Done : ExitCode.Failed;
        });

        Option<ulong> below = new("--below") { Description = "Blocks below this height are deleted", HelpName = "N", Required = true };
        Command prune = new("prune", "Delete old blocks.") { below };
        prune.SetAction(async (parsed, ct) =>
        {
            await using StoredBlocks store = await OpenAsync(parsed, ct, isWriter: true);
            long pruned = await store.Blocks.PruneBelowAsync(parsed.GetValue(below), ct);
            Print(parsed.GetValue(json), new StoreJson { ChainId = store.Blocks.ChainId, Pruned = pruned }, $"{pruned} blocks deleted");
            return ExitCode.Done;
        });

        return new Command("blocks", "Look at stored blocks.") { dataDir, postgres, network, rollup, json, count, islands, show, verify, prune };

        ChainSpec? Chain(ParseResult parsed) => parsed.GetValue(network) is null && parsed.GetValue(rollup) is null
            ? null
            : CommonOptions.Chain(parsed.GetValue(network), parsed.GetValue(rollup));

        // The variable is for whoever names neither: it may be there for the service.
        Task<StoredBlocks> OpenAsync(ParseResult parsed, CancellationToken ct, bool isWriter = false)
        {
            string? path = parsed.GetValue(dataDir);
            string? database = parsed.GetValue(postgres) ?? (path is null ? Environment.GetEnvironmentVariable(CommonOptions.PostgresVariable) : null);
            return StoredBlocks.OpenAsync(path, database, Chain(parsed), isWriter, ct);
        }
    }

    private static string? OriginOf(ReadOnlySpan<byte> ssz, PayloadVersion version, ChainSpec chain) =>
        ExecutionPayloadView.Read(ssz, version, out ExecutionPayloadView view) == PayloadFault.None
        && L2BlockRef.TryRead(view, chain, out L2BlockRef reference) ? reference.L1Origin?.ToString() : null;

    private static void Print(bool json, StoreJson result, string text) =>
        Console.Out.WriteLine(json ? JsonSerializer.Serialize(result, CliJson.Default.StoreJson) : text);
}
