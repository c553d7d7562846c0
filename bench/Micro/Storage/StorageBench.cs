using System.Diagnostics;
using System.Globalization;
using OpSync.Codec.Primitives;
using OpSync.Storage;
using OpSync.Storage.Postgres;
using OpSync.Storage.Sqlite;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;
using OpSync.Sync.Trust;
using OpSync.TestKit;

namespace OpSync.Bench.Micro.Storage;

/// <summary>Durable appends and hot reads of the block stores, beside raw synced writes to the same disk in the same run.
/// Disks vary several-fold from minute to minute: only figures of one run compare.</summary>
public static class StorageBench
{
    private const int Group = 256, RawRounds = 3;

    /// <summary>Arguments: <c>[--blocks N] [--bytes N] [--dir D] [--ascending] [--postgres]</c>. Prints a table; with <c>--postgres</c>
    /// one for PostgreSQL too, on a server of its own with default settings, on the disk of temporary files.</summary>
    public static async Task<int> Run(string[] args)
    {
        int blocks = Number(args, "--blocks", 20_000), bytes = Number(args, "--bytes", 30_000);
        bool ascending = args.Contains("--ascending");
        string root = Path.Combine(Argument(args, "--dir") ?? Path.GetTempPath(), $"opsync-bench-{Environment.ProcessId}");
        ChainIdentity chain = new(901, default);
        try
        {
            string order = ascending ? "ascending" : "descending";
            Console.WriteLine($"{blocks} blocks of {bytes} bytes, groups of {Group}, {order}, SQLite {SqliteNative.Version}");
            Directory.CreateDirectory(root);
            Report("raw write + sync, before", blocks, bytes, RawWrite(root, blocks, bytes));
            await using (DataDirectory directory = DataDirectory.OpenWriter(Path.Combine(root, "data"), chain))
            {
                await AppendAsync(directory.Blocks, blocks, bytes, ascending);
                await ReadAsync(directory.Blocks, blocks, bytes);
            }
            if (args.Contains("--postgres")) await PostgresAsync(root, chain, blocks, bytes, ascending);
            Report("raw write + sync, after", blocks, bytes, RawWrite(root, blocks, bytes));
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task PostgresAsync(string root, ChainIdentity chain, int blocks, int bytes, bool ascending)
    {
        if (PostgresServer.Obstacle is { } obstacle) throw new InvalidOperationException(obstacle);
        Report("raw write + sync, between", blocks, bytes, RawWrite(root, blocks, bytes));
        await using PostgresServer server = await PostgresServer.StartAsync(isDurable: true);
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(new PostgresOptions { ConnectionString = server.ConnectionString });
        Console.WriteLine(await server.VersionAsync());
        PostgresBlockStore store = await database.OpenBlocksAsync(chain, default);
        await AppendAsync(store, blocks, bytes, ascending);
        await ReadAsync(store, blocks, bytes);
    }

    private static async Task AppendAsync(IBlockStore store, int blocks, int bytes, bool ascending)
    {
        AppendItem[] group = new AppendItem[Group];
        byte[][] wires = [.. Enumerable.Range(0, 64).Select(seed => Random(bytes, seed))];
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        Stopwatch time = Stopwatch.StartNew();
        for (int done = 0; done < blocks; done += Group)
        {
            for (int i = 0; i < Group; i++)
            {
                ulong number = (ulong)(ascending ? done + i : blocks + Group - done - i);
                group[i] = new AppendItem(
                    new StoredBlock(number, Hash(number), Hash(number - 1), number, wires[i % wires.Length]), TrustRank.Configured);
            }
            await store.AppendAsync(group, default);
        }
        Report("append", blocks, bytes, time.Elapsed, Process.GetCurrentProcess().TotalProcessorTime - cpu);
    }

    private static async Task ReadAsync(IBlockStore store, int blocks, int bytes)
    {
        BlockRange all = new((ulong)Group, (ulong)blocks);
        Stopwatch time = Stopwatch.StartNew();
        int read = 0;
        for (ulong next = all.First; next <= all.Last;)
        {
            IReadOnlyList<StoredBlock> page = await store.ReadAsync(new BlockRange(next, all.Last), TrustRank.None, 128, 4 << 20, default);
            if (page.Count == 0) throw new InvalidOperationException($"block {next} is not stored");
            read += page.Count;
            next += (ulong)page.Count;
        }
        Report("read, pages of 4 MiB", read, bytes, time.Elapsed);

        const int lookups = 20_000, inFlight = 32;
        time.Restart();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async lane =>
        {
            Random random = new(lane);
            for (int i = 0; i < lookups / inFlight; i++)
            {
                ulong number = (ulong)random.NextInt64((long)all.First, (long)all.Last);
                if (await store.GetAsync(number, TrustRank.None, default) is null) throw new InvalidOperationException($"block {number} is not stored");
            }
        }));
        Report($"read by number, {inFlight} in flight", lookups, bytes, time.Elapsed);

        time.Restart();
        for (int i = 0; i < lookups / 10; i++)
        {
            Hash32 hash = Hash(all.First + (ulong)(i * 7919 % blocks % (blocks - Group)));
            if (await store.GetAsync(hash, default) is null) throw new InvalidOperationException($"block {hash} is not stored");
        }
        Report("read by hash, one at a time", lookups / 10, bytes, time.Elapsed);

        time.Restart();
        int islands = (await store.GetIslandsAsync(all, TrustRank.Caller, default)).Count;
        Console.WriteLine($"{"islands",-32} {islands} in {time.Elapsed.TotalMilliseconds,8:F1} ms");
    }

    /// <summary>The best of three: groups of the same size written to one file, each synced.</summary>
    private static TimeSpan RawWrite(string directory, int blocks, int length)
    {
        byte[] bytes = Random(length * Group, 1);
        string path = Path.Combine(directory, "raw");
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < RawRounds; round++)
        {
            Stopwatch time = Stopwatch.StartNew();
            using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                for (int done = 0; done < blocks; done += Group)
                {
                    file.Write(bytes);
                    file.Flush(flushToDisk: true);
                }
            }
            if (time.Elapsed < best) best = time.Elapsed;
            File.Delete(path);
        }
        return best;
    }

    private static void Report(string name, int blocks, int bytes, TimeSpan time, TimeSpan? cpu = null)
    {
        double rate = blocks / time.TotalSeconds;
        string line = $"{name,-32} {rate,10:F0} blocks/s {rate * bytes / 1e6,8:F0} MB/s";
        if (cpu is { } spent) line += $" {spent.TotalMicroseconds / blocks,6:F0} us CPU per block";
        Console.WriteLine(line);
    }

    /// <summary>A mixing function: as spread as real hashes, and cheap.</summary>
    private static Hash32 Hash(ulong number)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        for (int i = 0; i < 4; i++)
        {
            ulong word = ((number * 4) + (ulong)i + 1) * 0x9e37_79b9_7f4a_7c15;
            word = (word ^ (word >> 30)) * 0xbf58_476d_1ce4_e5b9;
            BitConverter.TryWriteBytes(bytes[(8 * i)..], word ^ (word >> 29));
        }
        return new Hash32(bytes);
    }

    private static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static int Number(string[] args, string name, int otherwise) =>
        Argument(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static string? Argument(string[] args, string name)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
