using System.CommandLine;
using OpSync.Cli.Local;
using OpSync.Codec.Archive;
using OpSync.Codec.OpStack;
using OpSync.Storage;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;

namespace OpSync.Cli.Commands;

/// <summary><c>opsync export</c>: writes a range of stored blocks to a file.</summary>
internal static class ExportCommand
{
    private const int PageBlocks = 256;
    private const long PageBytes = 16 << 20;

    public static Command Create()
    {
        Option<string> dataDir = CommonOptions.DataDir();
        Option<string?> network = CommonOptions.Network();
        Option<string?> rollup = CommonOptions.Rollup();
        Option<ulong> first = new("--first") { Description = "Lowest block, included", HelpName = "N", Required = true };
        Option<ulong> last = new("--last") { Description = "Highest block, included", HelpName = "N", Required = true };
        Argument<string> file = new("FILE") { Description = "File to write; it appears only when it is complete" };
        Command command = new("export", "Write a range of stored blocks to a file that 'opsync import' verifies and reads.") { dataDir, network, rollup, first, last, file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ulong from = parsed.GetValue(first), to = parsed.GetValue(last);
            if (from > to) throw new UsageException($"--first {from} is above --last {to}.");
            ChainSpec chain = CommonOptions.Chain(parsed.GetValue(network), parsed.GetValue(rollup));
            await using DataDirectory store = LocalStore.OpenReader(parsed.GetValue(dataDir)!, chain);
            string target = parsed.GetValue(file)!;
            string partial = target + ".partial";
            try
            {
                await using (FileStream stream = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
                {
                    await WriteAsync(stream, store.Blocks, new BlockRange(from, to), cancellationToken);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(partial, target, overwrite: true);
            }
            catch
            {
                File.Delete(partial);
                throw;
            }

            await Console.Out.WriteLineAsync($"{to - from + 1} blocks written to {target}");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task WriteAsync(Stream stream, IBlockStore store, BlockRange range, CancellationToken cancellationToken)
    {
        byte[] head = new byte[ArchiveHeader.Size];
        new ArchiveHeader(store.ChainId, store.GenesisHash, range.First, range.Last).Write(head);
        await stream.WriteAsync(head, cancellationToken);
        for (ulong next = range.First; next <= range.Last;)
        {
            IReadOnlyList<StoredBlock> page = await store.ReadAsync(
                new BlockRange(next, range.Last), TrustRank.Signed, PageBlocks, PageBytes, cancellationToken);
            if (page.Count == 0) throw new IOException($"Height {next} is not stored. 'opsync blocks islands' lists what is.");
            foreach (StoredBlock block in page)
            {
                new ArchiveRecord(block.Number, block.Signature is not null, block.Wire.Length).Write(head);
                await stream.WriteAsync(head.AsMemory(0, ArchiveRecord.Size), cancellationToken);
                if (block.Signature is not null) await stream.WriteAsync(block.Signature, cancellationToken);
                await stream.WriteAsync(block.Wire, cancellationToken);
            }

            next += (ulong)page.Count;
        }
    }
}
