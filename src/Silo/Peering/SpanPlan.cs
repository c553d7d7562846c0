using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>Finds the heights among those a peer is to be asked for that can travel as one request.</summary>
internal static class SpanPlan
{
    /// <summary>Cuts a grant into requests: runs of consecutive heights, and single ones. The cursor's height always goes by itself,
    /// first, since nothing may delay it.</summary>
    /// <param name="items">What is to be asked for, each height once.</param>
    /// <param name="options">Bounds of a run.</param>
    /// <returns>Requests from the highest height down, each ascending.</returns>
    public static IEnumerable<ArraySegment<AskItem>> Cut(IReadOnlyList<AskItem> items, PeerLinkOptions options)
    {
        AskItem[] ascending = [.. items.OrderByDescending(static i => i.Urgent).ThenByDescending(static i => i.Number)];
        Array.Reverse(ascending);
        for (int end = ascending.Length; end > 0;)
        {
            int first = end - 1;
            long bytes = ascending[first].SizeExpected;
            while (first > 0 && end - first < options.SpanBlocksMax && Continues(ascending[first - 1], ascending[first])
                && (bytes += ascending[first - 1].SizeExpected) <= options.SpanBytesMax)
            {
                first--;
            }

            yield return new ArraySegment<AskItem>(ascending, first, end - first);
            end = first;
        }
    }

    private static bool Continues(in AskItem below, in AskItem above) => !below.Urgent && !above.Urgent && below.Number + 1 == above.Number;
}
