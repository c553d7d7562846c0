using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace OpSync.Gateway.Problems;

/// <summary>What is wrong with a request, in the caller's terms: the library's texts speak of types that callers do not see.</summary>
internal static partial class BadRequestText
{
    private const int LengthMax = 200;

    [GeneratedRegex("^Required parameter \"[^\"]*?(\\w+)\" was not provided")]
    private static partial Regex Missing();

    [GeneratedRegex("^Failed to bind parameter \"[^\"]*?(\\w+)\" from \"(.*)\"", RegexOptions.Singleline)]
    private static partial Regex Unreadable();

    /// <summary>One sentence; nothing of the inside is in it.</summary>
    public static string Of(BadHttpRequestException e) => Short(e.InnerException is JsonException json ? OfBody(json) : OfParameter(e.Message));

    private static string OfBody(JsonException e)
    {
        string text = e.Message, place = e.Path is { Length: > 1 } path ? $" at {path}" : "";
        if (text.Contains("could not be mapped", StringComparison.Ordinal)) return $"The body has a member that this does not take{place}{Quoted(text)}.";
        int missing = text.IndexOf("including: ", StringComparison.Ordinal);
        if (missing >= 0) return $"The body lacks{place}: {text[(missing + "including: ".Length)..].Split(". ")[0].TrimEnd('.')}.";
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return $"The body has a value of another kind, or out of bounds{place}.";
        int end = text.IndexOf(" Path: ", StringComparison.Ordinal);
        return $"The body is not what this takes{place}: {(end < 0 ? text : text[..end])}";
    }

    private static string Quoted(string text) => text.Split('\'') is [_, var name, ..] ? $": '{name}'" : "";

    private static string OfParameter(string text)
    {
        if (text.StartsWith("Implicit body", StringComparison.Ordinal)) return "The body is missing.";
        if (Missing().Match(text) is { Success: true } missing) return missing.Groups[1].Value == "body" ? "The body is missing." : $"The parameter '{missing.Groups[1].Value}' is missing.";
        return Unreadable().Match(text) is { Success: true } unreadable ? $"The parameter '{unreadable.Groups[1].Value}' cannot be '{unreadable.Groups[2].Value}'." : text;
    }

    private static string Short(string text)
    {
        int line = text.IndexOf('\n', StringComparison.Ordinal);
        if (line >= 0) text = text[..line];
        return text.Length <= LengthMax ? text : text[..LengthMax];
    }
}
