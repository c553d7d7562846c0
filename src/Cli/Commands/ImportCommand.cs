using System.CommandLine;
using OpSync.Cli.Local;
using OpSync.Codec.OpStack;
using OpSync.Codec.Primitives;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync import</c>: verifies an export file and stores its blocks.</summary>
internal static class ImportCommand
{
    private const int GroupBlocks = 256;

    public static Command Create()
    {
        Option<string> dataDir = CommonOptions.DataDir();
        Option<string?> network = CommonOptions.Network();
        Option<string?> rollup = CommonOptions.Rollup();
        Option<string?> anchor = CommonOptions.Anchor("Trusted block of the file; without it the file must link to a stored trusted block");
        Argument<string> file = new("FILE") { Description = "File that 'opsync export' wrote" };
        Command command = new("import", "Verify an export file from the first to the last byte, then store its blocks.") { dataDir, network, rollup, anchor, file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ChainSpec chain = CommonOptions.Chain(parsed.GetValue(network), parsed.GetValue(rollup));
            BlockId? trusted = parsed.GetValue(anchor) is { } text ? CommonOptions.Block("--anchor", text) : null;
            string path = parsed.GetValue(file)!;
            if (!File.Exists(path)) throw new UsageException($"There is no file '{path}'.");

            // Twice through the file: the anchor is at its upper end, and nothing is stored that does not link to it.
            using ArchiveReader reader = ArchiveReader.Open(path, chain);
            StoredBlock top = Check(reader, trusted, cancellationToken);
            await using DataDirectory store = LocalStore.OpenWriter(parsed.GetValue(dataDir)!, chain);
            TrustRank rank = await RankAsync(store.Blocks, top, trusted, cancellationToken);
            (long inserted, long conflicts) = await StoreAsync(reader, store.Blocks, rank, trusted?.Number ?? top.Number, cancellationToken);
            await Console.Out.WriteLineAsync($"{inserted} new blocks stored up to height {trusted?.Number ?? top.Number}, trust {rank}");
            if (conflicts == 0) return ExitCode.Done;
            await Console.Error.WriteLineAsync($"{conflicts} heights stay with another hash of equal or higher trust.");
            return ExitCode.Failed;
        });
        return command;
    }

    private static StoredBlock Check(ArchiveReader reader, BlockId? trusted, CancellationToken cancellationToken)
    {
        BlockId? atAnchor = null;
        StoredBlock? top = null;
        while (reader.Read() is { } block)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (block.Number == trusted?.Number) atAnchor = block.Id;
            top = block;
        }

        return trusted is not { } anchor || atAnchor == anchor
            ? top!
            : throw new IOException(atAnchor is { } other
                ? $"Anchor mismatch at height {anchor.Number}: the anchor is {anchor.Hash}, the file has {other.Hash}. Nothing was stored."
                : $"The anchor's height {anchor.Number} is not in the file.");
    }

    /// <summary>The rank under which the blocks may be stored. Trust goes from child to parent: a trusted block below the file
    /// proves nothing of it.</summary>
    private static async Task<TrustRank> RankAsync(
        IBlockStore store, StoredBlock top, BlockId? trusted, CancellationToken cancellationToken)
    {
        if (trusted is not null) return TrustRank.Configured;
        if (await store.GetCanonicalAsync(top.Number, cancellationToken) is { } same && same.Hash == top.Hash && same.Rank > TrustRank.Caller) return same.Rank;
        if (await store.GetAsync(top.Number + 1, TrustRank.Signed, cancellationToken) is { } child && child.ParentHash == top.Hash)
        {
            return (await store.GetCanonicalAsync(child.Number, cancellationToken))!.Value.Rank;
        }

        throw new IOException($"Neither height {top.Number} nor {top.Number + 1} is stored and names the file's last block {top.Hash}: give --anchor NUMBER:HASH.");
    }

    private static async Task<(long Inserted, long Conflicts)> StoreAsync(
        ArchiveReader reader, IBlockStore store, TrustRank rank, ulong last, CancellationToken cancellationToken)
    {
        reader.Rewind();
        List<AppendItem> group = new(GroupBlocks);
        long inserted = 0, conflicts = 0;
        while (reader.Read() is { } block && block.Number <= last)
        {
            group.Add(new AppendItem(block, rank));
            if (group.Count == GroupBlocks) await FlushAsync();
        }

        if (group.Count > 0) await FlushAsync();
        return (inserted, conflicts);

        async Task FlushAsync()
        {
            foreach (AppendResult result in await store.AppendAsync(group, cancellationToken))
            {
                if (result.Inserted) inserted++;
                if (result.Conflict is not null) conflicts++;
            }

            group.Clear();
        }
    }
}
