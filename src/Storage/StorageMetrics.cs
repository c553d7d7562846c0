using System.Diagnostics.Metrics;

namespace OpSync.Storage;

/// <summary>Measures of the block stores, under the meter <c>OpSync.Storage</c>.</summary>
internal static class StorageMetrics
{
    private static readonly Meter Meter = new("OpSync.Storage");

    /// <summary>One measurement per commit of a group, so its count is the number of commits.</summary>
    public static readonly Histogram<double> CommitDuration = Meter.CreateHistogram<double>(
        "opsync.storage.commit.duration", "s", "Time to store one group of blocks durably.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
        });

    /// <summary>Blocks that were not stored before.</summary>
    public static readonly Counter<long> BlocksStored = Meter.CreateCounter<long>(
        "opsync.storage.blocks", "{block}", "Blocks stored durably for the first time.");
}
