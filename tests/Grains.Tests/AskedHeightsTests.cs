using OpSync.Silo.Peering;
using OpSync.Sync.Ranges;
using Xunit;

namespace OpSync.Grains.Tests;

/// <summary>What a silo that stops still asks for.</summary>
public sealed class AskedHeightsTests
{
    private static readonly RangeKey s_range = new(10, "a", 1), s_next = new(10, "a", 2);

    [Fact]
    public void Height_above_the_lowest_that_was_asked_for_is_wanted_still()
    {
        AskedHeights asked = new();
        foreach (ulong number in (ulong[])[90, 70, 80]) asked.Add(s_range, number);

        Assert.True(asked.IsAbove(s_range, 71));
        Assert.False(asked.IsAbove(s_range, 70));
        Assert.False(asked.IsAbove(s_next, 71));

        asked.Remove(s_range);
        Assert.False(asked.IsAbove(s_range, 71));
    }

    [Fact]
    public void Ranges_remembered_are_bounded()
    {
        AskedHeights asked = new();
        for (int i = 0; i <= AskedHeights.RangesMax; i++) asked.Add(new RangeKey(10, $"{i}", 1), 5);

        Assert.True(asked.IsAbove(new RangeKey(10, "0", 1), 6));
        Assert.False(asked.IsAbove(new RangeKey(10, $"{AskedHeights.RangesMax}", 1), 6));
    }
}
