namespace OpSync.Cli.Configuration;

/// <summary>Finds what somebody may have meant.</summary>
internal static class Nearest
{
    /// <summary><c> Did you mean 'x'?</c>, or nothing if no name is near.</summary>
    public static string Hint(string text, IEnumerable<string> names)
    {
        (string name, int distance) = names.Select(n => (n, Distance(text, n))).MinBy(p => p.Item2);
        return name is not null && distance <= Math.Max(2, text.Length / 4) ? $" Did you mean '{name}'?" : "";
    }

    /// <summary>Edits of single letters that turn one text into the other, letter case aside (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                int best = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + cost);
                (diagonal, row[j]) = (row[j], best);
            }
        }

        return row[b.Length];
    }
}
