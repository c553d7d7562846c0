using OpSync.Silo.Peering;
using OpSync.Sync.Ranges;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>Which heights of a grant travel as one request.</summary>
public sealed class SpanPlanTests
{
    private static readonly PeerLinkOptions s_options = new() { SpanBlocksMax = 4, SpanBytesMax = 1_000 };

    [Fact]
    public void Runs_of_consecutive_heights_are_found_in_any_order_and_come_from_the_top_down() =>
        Assert.Equal(["90-91", "80", "70-72"], Cut([71, 90, 80, 72, 91, 70]));

    [Fact]
    public void Run_ends_at_the_bounds_in_blocks_and_in_bytes()
    {
        Assert.Equal(["7-10", "3-6", "1-2"], Cut([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]));
        Assert.Equal(["9-10", "7-8"], Cut([10, 9, 8, 7], size: 500));
        Assert.Equal(["10", "9"], Cut([10, 9], size: 5_000));
    }

    [Fact]
    public void Height_of_the_cursor_goes_first_and_by_itself() => Assert.Equal(["10", "11-12", "8-9"], Cut([12, 11, 10, 9, 8], urgent: 10));

    [Fact]
    public void Heights_from_zero_make_a_run() => Assert.Equal(["0-1"], Cut([0, 1]));

    private static string[] Cut(ulong[] numbers, int size = 10, ulong? urgent = null) =>
    [
        .. SpanPlan.Cut([.. numbers.Select((n, i) => new AskItem((ulong)i, n, n == urgent, size))], s_options)
            .Select(static s => s.Count == 1 ? $"{s[0].Number}" : $"{s[0].Number}-{s[^1].Number}"),
    ];
}
