using System.Diagnostics;
using System.Globalization;
using OpSync.StorageWriter;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using Xunit;

namespace OpSync.Storage.Tests;

/// <summary>Acknowledged means durable: seen by killing the writer, and by what a power cut could leave of its files.</summary>
public sealed class CrashTests : IDisposable
{
    private const int ChainSeed = 1;
    private const ulong Top = 1_000_000;

    private readonly TempDirectory _temp = new();
    private readonly TestChain _chain = new(ChainSeed);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Writer_killed_at_random_moments_loses_nothing_it_acknowledged()
    {
        int kills = Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? 50 : 5;
        Random random = new(7);
        ulong lowest = Top + 1;   // every height from here to Top is acknowledged
        for (int kill = 0; kill < kills; kill++)
        {
            using Process writer = WriterProcess.Start(
                [_temp.Path, Text(ChainSeed), Text(kill), Top.ToString(CultureInfo.InvariantCulture), "0"]);
            Task<string> errors = writer.StandardError.ReadToEndAsync(Token);
            int acks = random.Next(1, 40);
            for (int i = 0; i < acks; i++)
            {
                string? line = await writer.StandardOutput.ReadLineAsync(Token);
                Assert.True(line is not null, line is null ? await errors : null);
                lowest = Math.Min(lowest, WriterProcess.ParseAck(line!)!.Value.First);
            }
            Thread.SpinWait(random.Next(2_000_000));   // a moment that has nothing to do with its output
            writer.Kill();

            // What it had printed before the signal counts as well.
            while (await writer.StandardOutput.ReadLineAsync(Token) is { } line)
            {
                if (WriterProcess.ParseAck(line) is { } ack) lowest = Math.Min(lowest, ack.First);
            }
            await writer.WaitForExitAsync(Token);

            await using DataDirectory directory = DataDirectory.OpenWriter(_temp.Path, TestChain.Identity);
            await AssertIntactAsync(directory, lowest);
        }
    }

    [Fact]
    public async Task Files_torn_between_two_syncs_keep_what_was_acknowledged()
    {
        const int groups = 40, trials = 3;
        Random random = new(11);
        string live = _temp.File("live"), torn = _temp.File("torn");
        List<(Image Image, ulong Lowest)> images = [];
        await using (DataDirectory directory = DataDirectory.OpenWriter(
            live, TestChain.Identity, new StorageOptions { CheckpointBytes = 1 << 20, HashRunLength = 50 }))
        {
            ulong last = Top;
            for (int group = 0; group < groups; group++)
            {
                ulong first = last - (ulong)random.Next(1, 40);
                await directory.Blocks.AppendAsync(_chain.Items(first, last), Token);
                images.Add((Image.Take(live), first));
                last = first - 1;
            }
        }

        int logTorn = 0, checkpointsTorn = 0;
        for (int i = 0; i + 1 < images.Count; i++)
        {
            ((Image before, ulong lowestBefore), (Image after, ulong lowestAfter)) = (images[i], images[i + 1]);
            // A commit writes the log, syncs it, and then, when a checkpoint is due, writes the database and syncs that.
            bool checkpointed = !before.Blocks.AsSpan().SequenceEqual(after.Blocks);
            for (int trial = 0; trial < trials; trial++)
            {
                Image mixed = checkpointed
                    ? after with { Blocks = Tear(before.Blocks, after.Blocks, random) }
                    : after with { Log = Tear(before.Log, after.Log, random) };
                mixed.Restore(torn, live);
                await using DataDirectory directory = DataDirectory.OpenWriter(torn, TestChain.Identity);
                await AssertIntactAsync(directory, checkpointed ? lowestAfter : lowestBefore, lowestAfter);
            }
            if (checkpointed) checkpointsTorn++;
            else logTorn++;
        }
        Assert.True(logTorn > 5 && checkpointsTorn > 5, $"{logTorn} logs and {checkpointsTorn} checkpoints torn");
    }

    /// <summary>A state of a file that some of the writes between two syncs have reached: each sector is old or new, and what
    /// was appended may be short, zero or rubbish.</summary>
    private static byte[] Tear(byte[] before, byte[] after, Random random)
    {
        const int sector = 512;
        byte[] torn = after.ToArray();
        int share = random.Next(101);   // percent of the sectors that are lost
        for (int at = 0; at < torn.Length; at += sector)
        {
            if (random.Next(100) >= share) continue;
            Span<byte> target = torn.AsSpan(at, Math.Min(sector, torn.Length - at));
            int old = Math.Clamp(before.Length - at, 0, target.Length);
            before.AsSpan(Math.Min(at, before.Length), old).CopyTo(target);
            if (random.Next(2) == 0) target[old..].Clear();
            else random.NextBytes(target[old..]);
        }
        return after.Length <= before.Length ? torn : torn[..random.Next(before.Length, after.Length + 1)];
    }

    /// <summary>Everything from <paramref name="lowest"/> to the top is there and right, and nothing else but a whole group that
    /// was under way, down to <paramref name="lowestPossible"/>.</summary>
    private async Task AssertIntactAsync(DataDirectory directory, ulong lowest, ulong? lowestPossible = null)
    {
        StoreProbe probe = new(directory.Blocks);
        Assert.Null(await directory.Blocks.CheckIntegrityAsync(Token));
        IReadOnlyList<Island> islands = await directory.Blocks.GetIslandsAsync(new BlockRange(0, Top + 10), TrustRank.Caller, Token);
        Island island = Assert.Single(islands);
        Assert.Equal(Top, island.Range.Last);
        if (lowestPossible is { } possible) Assert.Contains(island.Range.First, (ulong[])[lowest, possible]);
        else Assert.InRange(island.Range.First, 0ul, lowest);
        Assert.Equal((long)island.Range.Count, await directory.Blocks.CountAsync(Token));
        await probe.AssertEqualAsync(_chain, island.Range, Token);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The two files that hold the blocks. The shared index beside them does not outlive a power cut.</summary>
    private sealed record Image(byte[] Blocks, byte[] Log)
    {
        public static Image Take(string directory) => new(Read(directory, "blocks.db"), Read(directory, "blocks.db-wal"));

        public void Restore(string directory, string original)
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
            Directory.CreateDirectory(directory);
            File.Copy(Path.Combine(original, "state.db"), Path.Combine(directory, "state.db"));
            File.WriteAllBytes(Path.Combine(directory, "blocks.db"), Blocks);
            File.WriteAllBytes(Path.Combine(directory, "blocks.db-wal"), Log);
        }

        private static byte[] Read(string directory, string name)
        {
            using FileStream file = new(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
    }

    /// <summary>Compares stored blocks with the chain, by range and by hash.</summary>
    private sealed class StoreProbe(IBlockStore store)
    {
        public async Task AssertEqualAsync(TestChain chain, BlockRange range, CancellationToken token)
        {
            for (ulong next = range.First; next <= range.Last;)
            {
                IReadOnlyList<StoredBlock> page = await store.ReadAsync(new BlockRange(next, range.Last), TrustRank.None, 256, long.MaxValue, token);
                Assert.NotEmpty(page);
                foreach (StoredBlock block in page)
                {
                    Assert.True(TestChain.Same(chain.Block(next++), block), $"block {block.Number} is wrong");
                }
            }
            foreach (ulong number in (ulong[])[range.First, (range.First + range.Last) / 2, range.Last])
            {
                Assert.True(TestChain.Same(chain.Block(number), await store.GetAsync(chain.Hash(number), token)));
            }
        }
    }
}
