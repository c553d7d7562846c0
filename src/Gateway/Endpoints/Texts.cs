namespace OpSync.Gateway.Endpoints;

/// <summary>Texts of callers that come back to them.</summary>
internal static class Texts
{
    private const int LengthMax = 80;

    /// <summary>A caller's text, cut to what a message needs.</summary>
    public static string Short(string text) => text.Length <= LengthMax ? text : text[..LengthMax] + "...";
}
