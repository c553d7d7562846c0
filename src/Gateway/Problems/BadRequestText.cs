using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using OpSync.Gateway.Endpoints;

namespace OpSync.Gateway.Problems;

/// <summary>What is wrong with a request, in the caller's terms: the library's texts speak of types that callers do not see.</summary>
internal static partial class BadRequestText
{
    private const int LengthMax = 200;
    private const string Height = "a height: a whole number, 0 or more";

    /// <summary>What parameters of queries can be, as far as the library reads them. A test holds that none is missing.</summary>
    private static readonly (string Name, string Allowed, Func<string, bool> Takes)[] s_parameters =
    [
        ("limit", Paging.LimitAllowed, static t => int.TryParse(t, CultureInfo.InvariantCulture, out _)),
        ("from", Height, static t => ulong.TryParse(t, CultureInfo.InvariantCulture, out _)),
        ("to", Height, static t => ulong.TryParse(t, CultureInfo.InvariantCulture, out _)),
        ("follow", "true or false", static t => bool.TryParse(t, out _)),
        ("seconds", "a whole number, 1 or more", static t => int.TryParse(t, CultureInfo.InvariantCulture, out _)),
    ];

    [GeneratedRegex("^Required parameter \"[^\"]*?(\\w+)\" was not provided")]
    private static partial Regex Missing();

    [GeneratedRegex("^Failed to bind parameter \"[^\"]*?(\\w+)\" from \"(.*)\"", RegexOptions.Singleline)]
    private static partial Regex Unreadable();

    /// <summary>One sentence; nothing of the inside is in it.</summary>
    public static string Of(HttpRequest request, BadHttpRequestException e) =>
        Short(e.InnerException is JsonException json ? OfBody(json) : OfQuery(request) ?? OfParameter(e.Message));

    /// <summary>What is wrong with the query, where something is: of optional parameters the library does not say it.</summary>
    public static string? OfQuery(HttpRequest request)
    {
        foreach ((string name, string allowed, Func<string, bool> takes) in s_parameters)
        {
            if (request.Query[name].ToString() is { Length: > 0 } text && !takes(text)) return Short($"{name} is {allowed}, not '{Texts.Short(text)}'.");
        }

        return null;
    }

    private static string OfBody(JsonException e)
    {
        string text = e.Message, place = e.Path is { Length: > 1 } path ? $" at {path}" : "";
        if (text.Contains("could not be mapped", StringComparison.Ordinal)) return $"The body has a member that this does not take{place}{Quoted(text)}.";
        int missing = text.IndexOf("including: ", StringComparison.Ordinal);
        if (missing >= 0) return $"The body lacks{place}: {text[(missing + "including: ".Length)..].Split(". ")[0].TrimEnd('.')}.";
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return $"The body has a value of another kind, or out of bounds{place}.";
        if (text.StartsWith("Duplicate", StringComparison.Ordinal)) return $"The body has a member twice{place}{Quoted(text)}.";
        if (text.Contains("allow null values", StringComparison.Ordinal)) return $"The body has null{place}, which must have a value.";
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
