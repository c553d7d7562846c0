using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OpSync.Gateway.Json;

/// <summary>Ids of ranges as callers see them: chain id, a dash, and the id within the chain.</summary>
internal static class RangeName
{
    /// <summary>Digits of the id within a chain: a UUID of version 7, so ids sort by time.</summary>
    private const int IdLength = 32;

    public static string Format(ulong chainId, string rangeId) => string.Create(CultureInfo.InvariantCulture, $"{chainId}-{rangeId}");

    public static bool TryParse(string text, out ulong chainId, [NotNullWhen(true)] out string? rangeId)
    {
        chainId = 0;
        rangeId = null;
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0 || text.Length - dash - 1 != IdLength) return false;
        if (!ulong.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out chainId)) return false;
        string id = text[(dash + 1)..];
        if (id.AsSpan().ContainsAnyExcept("0123456789abcdef")) return false;
        rangeId = id;
        return true;
    }
}
