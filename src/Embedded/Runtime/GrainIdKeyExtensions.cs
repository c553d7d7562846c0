using System.Globalization;

namespace Orleans.Runtime;

/// <summary>Integer and GUID keys in text form: hexadecimal digits, and <c>+extension</c> for compound keys.</summary>
public static class GrainIdKeyExtensions
{
    private const char ExtensionMark = '+';

    /// <summary>Key of an integer: upper-case hexadecimal without leading zeros, two's complement for negative numbers.</summary>
    public static IdSpan CreateIntegerKey(long key) => IdSpan.Create(key.ToString("X", CultureInfo.InvariantCulture));

    /// <summary>Key of an integer and an extension.</summary>
    public static IdSpan CreateIntegerKey(long key, string? keyExtension) =>
        WithExtension(key.ToString("X", CultureInfo.InvariantCulture), keyExtension);

    /// <summary>Key of a GUID: 32 lower-case hexadecimal digits.</summary>
    public static IdSpan CreateGuidKey(Guid key) => IdSpan.Create(key.ToString("N"));

    /// <summary>Key of a GUID and an extension.</summary>
    public static IdSpan CreateGuidKey(Guid key, string? keyExtension) => WithExtension(key.ToString("N"), keyExtension);

    /// <summary>Reads an integer key.</summary>
    /// <param name="grainId">The identity.</param>
    /// <param name="key">The integer.</param>
    /// <param name="keyExt">The extension; null for none.</param>
    public static bool TryGetIntegerKey(this GrainId grainId, out long key, out string? keyExt)
    {
        string number = Split(grainId, out keyExt);
        return long.TryParse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out key);
    }

    /// <summary>Reads a GUID key.</summary>
    /// <param name="grainId">The identity.</param>
    /// <param name="key">The GUID.</param>
    /// <param name="keyExt">The extension; null for none.</param>
    public static bool TryGetGuidKey(this GrainId grainId, out Guid key, out string? keyExt)
    {
        string guid = Split(grainId, out keyExt);
        return Guid.TryParseExact(guid, "N", out key);
    }

    private static IdSpan WithExtension(string key, string? extension) =>
        IdSpan.Create(string.IsNullOrWhiteSpace(extension) ? key : $"{key}{ExtensionMark}{extension}");

    private static string Split(GrainId grainId, out string? extension)
    {
        string text = grainId.Key.ToString();
        int mark = text.IndexOf(ExtensionMark, StringComparison.Ordinal);
        extension = mark < 0 ? null : text[(mark + 1)..];
        return mark < 0 ? text : text[..mark];
    }
}
