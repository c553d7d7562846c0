using Microsoft.Extensions.Logging;
using OpSync.Silo.Fetching;
using OpSync.TestKit;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Reports that cannot be delivered are dropped in the open, and stop nothing.</summary>
public sealed class GrainBatcherTests : ILogger
{
    private readonly FakeTime _time = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task Batch_that_fails_again_and_again_is_counted_and_the_next_one_goes_out()
    {
        List<int> arrived = [];
        GrainBatcher<string, int> batcher = new(
            (_, items, _) => items[0] == 1 ? throw new TimeoutException() : Arrive(arrived, items), _time, this);
        batcher.Post("grain", 1);
        await DrainAsync(batcher);
        batcher.Post("grain", 2);
        await DrainAsync(batcher);

        Assert.Equal(1, batcher.Dropped);
        Assert.Equal([2], arrived);
        Assert.Single(_warnings, w => w.Contains("never reached", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Full_lane_drops_what_comes_on_top_and_tells_once_a_minute()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<int> arrived = [];
        GrainBatcher<string, int> batcher = new(
            async (_, items, _) =>
            {
                await gate.Task;
                arrived.AddRange(items);
            },
            _time, this);
        const int More = GrainBatcher<string, int>.LaneMax + GrainBatcher<string, int>.BatchMax + 7;
        for (int i = 0; i < More; i++) batcher.Post("grain", i);
        Assert.InRange(batcher.Dropped, 7, 7 + GrainBatcher<string, int>.BatchMax);
        Assert.Single(_warnings);

        _time.Advance(TimeSpan.FromMinutes(1));
        const int Again = GrainBatcher<string, int>.BatchMax + 1;   // one batch may have left the lane meanwhile
        for (int i = 0; i < Again; i++) batcher.Post("grain", 0);
        Assert.Equal(2, _warnings.Count);

        gate.SetResult();
        await DrainAsync(batcher);
        Assert.Equal(More + Again, arrived.Count + batcher.Dropped);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_warnings) _warnings.Add(formatter(state, exception));
    }

    private static Task Arrive(List<int> arrived, int[] items)
    {
        arrived.AddRange(items);
        return Task.CompletedTask;
    }

    private async Task DrainAsync(GrainBatcher<string, int> batcher)
    {
        Task drained = batcher.DrainAsync();
        while (!drained.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }
}
