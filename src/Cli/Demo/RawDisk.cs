using System.Diagnostics;

namespace OpSync.Cli.Demo;

/// <summary>What the disk itself gives: sequential writes, each flushed. Disks differ so much that a figure of ours means little
/// without it.</summary>
internal static class RawDisk
{
    private const int WriteBytes = 2 << 20;
    private const int Writes = 64;

    /// <summary>Megabytes per second in <paramref name="directory"/>.</summary>
    public static double Measure(string directory)
    {
        string path = Path.Combine(directory, "raw-write.tmp");
        byte[] bytes = new byte[WriteBytes];
        new Random(1).NextBytes(bytes);
        try
        {
            using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < Writes; i++)
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            return (double)Writes * WriteBytes / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
