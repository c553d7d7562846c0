namespace OpSync.Storage;

/// <summary>Limits of the SQLite stores.</summary>
public sealed record StorageOptions
{
    /// <summary>Threads, and connections, that read the block store, 1 to 16. Four keep a disk of moderate queue depth busy and
    /// cost little while they wait.</summary>
    public int ReaderCount { get; init; } = 4;

    /// <summary>Reads or writes waiting for their thread, 1 to 4,096; beyond it callers wait without a thread.</summary>
    public int QueueMax { get; init; } = 256;

    /// <summary>Bytes of write-ahead log after which a commit moves it into the database, 1 MiB to 1 GiB. 64 MiB is about 2,000
    /// default blocks: large enough that pages written often are moved once, small enough to reopen quickly.</summary>
    public long CheckpointBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of write-ahead log at which the writer waits for readers to let go of it (at most
    /// <see cref="BusyTimeout"/> per commit). Readers that overlap without a pause would otherwise let it grow for ever.</summary>
    public long LogBytesMax { get; init; } = 512L << 20;

    /// <summary>Time a connection waits for a lock of another process, up to 60 s.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Size limit of blocks.db in pages of 32 KiB, for tests of a full disk; 0 is none.</summary>
    internal long PageCountMax { get; init; }

    /// <summary>Blocks in one frozen run of the hash index; see <c>BlockSchema</c>.</summary>
    internal int HashRunLength { get; init; } = 16_384;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the value.</exception>
    public void Validate()
    {
        Require(ReaderCount is >= 1 and <= 16, nameof(ReaderCount));
        Require(QueueMax is >= 1 and <= 4096, nameof(QueueMax));
        Require(CheckpointBytes is >= 1L << 20 and <= 1L << 30, nameof(CheckpointBytes));
        Require(LogBytesMax >= CheckpointBytes, nameof(LogBytesMax));
        Require(BusyTimeout >= TimeSpan.Zero && BusyTimeout <= TimeSpan.FromSeconds(60), nameof(BusyTimeout));
    }

    private static void Require(bool condition, string name)
    {
        if (!condition) throw new ArgumentOutOfRangeException(name);
    }
}
