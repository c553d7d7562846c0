using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpSync.Gateway.Security;

/// <summary>Tokens as execution clients take them on the Engine API: HS256, issued within the last or next minute
/// (execution-apis, authentication), and neither expired nor for later where they say so (RFC 7519, sections 4.1.4 and 4.1.5).</summary>
internal static class JsonWebToken
{
    /// <summary>Bytes of a secret.</summary>
    public const int SecretSize = 32;

    /// <summary>Distance of <c>iat</c> from the clock, either way.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(60);

    /// <summary>How far ahead <c>nbf</c> may lie: clocks of two machines differ. Nothing is added to <c>exp</c>.</summary>
    public static readonly TimeSpan SkewMax = TimeSpan.FromSeconds(5);

    private static readonly SearchValues<char> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Checks signature first, then header and time.</summary>
    public static bool IsValid(string text, ReadOnlySpan<byte> secret, DateTimeOffset now)
    {
        int first = text.IndexOf('.', StringComparison.Ordinal), second = text.LastIndexOf('.');
        if (first <= 0 || second <= first) return false;
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes], right = stackalloc byte[HMACSHA256.HashSizeInBytes];
        ReadOnlySpan<char> signature = text.AsSpan(second + 1);
        if (!TryDecode(signature, given, out int length) || length != given.Length) return false;
        HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text, 0, second), right);
        if (!CryptographicOperations.FixedTimeEquals(given, right)) return false;
        return IsHeader(text.AsSpan(0, first)) && IsNow(text.AsSpan(first + 1, second - first - 1), (now - DateTimeOffset.UnixEpoch).TotalSeconds);
    }

    /// <summary>A token issued now.</summary>
    public static string Create(ReadOnlySpan<byte> secret, DateTimeOffset now)
    {
        string text = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8) + "."
            + Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"iat":{{now.ToUnixTimeSeconds()}}}"""));
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)));
    }

    /// <summary>Extensions that must be understood ("crit", RFC 7515, section 4.1.11) are not.</summary>
    private static bool IsHeader(ReadOnlySpan<char> part)
    {
        using JsonDocument? document = Decode(part);
        return document is not null && document.RootElement.TryGetProperty("alg", out JsonElement value)
            && value.ValueKind == JsonValueKind.String && value.ValueEquals("HS256"u8) && !document.RootElement.TryGetProperty("crit", out _);
    }

    private static bool IsNow(ReadOnlySpan<char> part, double now)
    {
        using JsonDocument? document = Decode(part);
        return document is not null
            && TryReadTime(document.RootElement, "iat", out double? issued) && issued is { } iat && Math.Abs(now - iat) <= AgeMax.TotalSeconds
            && TryReadTime(document.RootElement, "exp", out double? expires) && (expires is not { } exp || now < exp)
            && TryReadTime(document.RootElement, "nbf", out double? begins) && (begins is not { } nbf || now >= nbf - SkewMax.TotalSeconds);
    }

    /// <summary>Reads seconds since 1970, fractions allowed; null where the claim is absent. False for what is no such number.</summary>
    private static bool TryReadTime(JsonElement claims, string name, out double? seconds)
    {
        seconds = null;
        if (!claims.TryGetProperty(name, out JsonElement value)) return true;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double read) || !double.IsFinite(read)) return false;
        seconds = read;
        return true;
    }

    private static JsonDocument? Decode(ReadOnlySpan<char> part)
    {
        byte[] json = new byte[Base64Url.GetMaxDecodedLength(part.Length)];
        if (!TryDecode(part, json, out int length)) return null;
        try
        {
            JsonDocument document = JsonDocument.Parse(json.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The library's own Try throws for letters that do not belong, and takes padding and blanks, which RFC 7515 does not.</summary>
    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> target, out int length)
    {
        length = 0;
        return !text.ContainsAnyExcept(s_letters) && Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, target, out length);
    }
}
