using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Json;
using OpSync.Gateway.Problems;

namespace OpSync.Gateway.Endpoints;

/// <summary>Lists in pages: descending by a key, the cursor being the last key shown.</summary>
internal static class Paging
{
    public const int LimitDefault = 50;
    public const int LimitMax = 200;

    /// <summary>In words.</summary>
    public static readonly string LimitAllowed = $"a whole number from 1 to {LimitMax}";

    /// <summary>A page of a list, or null if the limit is out of bounds.</summary>
    /// <param name="all">Everything; its order does not matter.</param>
    /// <param name="key">Sorts and names an item; ordinal.</param>
    /// <param name="cursor">Key of the last item shown before, or null.</param>
    /// <param name="limit">Items, or null for the default.</param>
    /// <param name="show">What is shown of an item; null leaves it out.</param>
    public static Task<PageJson<TShown>>? Page<T, TShown>(
        IEnumerable<T> all, Func<T, string> key, string? cursor, int? limit, Func<T, Task<TShown?>> show)
        where TShown : class
    {
        int count = limit ?? LimitDefault;
        if (count is < 1 or > LimitMax) return null;
        List<(string Key, T Item)> rest =
        [
            .. all.Select(i => (key(i), i)).Where(p => cursor is null || string.CompareOrdinal(p.Item1, cursor) < 0)
                .OrderByDescending(p => p.Item1, StringComparer.Ordinal).Take(count + 1),
        ];
        return ShowAsync();

        async Task<PageJson<TShown>> ShowAsync()
        {
            List<TShown> shown = [];
            foreach ((_, T item) in rest.Take(count))
            {
                if (await show(item) is { } one) shown.Add(one);
            }

            return new PageJson<TShown>([.. shown], rest.Count > count ? rest[count - 1].Key : null);
        }
    }

    public static IResult BadLimit() => Problem.Bad("bad-limit", $"limit is {LimitAllowed}.");
}
