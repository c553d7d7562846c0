using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpSync.Gateway.Security;

/// <summary>Tokens as execution clients take them on the Engine API: HS256, issued within the last or next minute
/// (execution-apis, authentication).</summary>
internal static class JsonWebToken
{
    /// <summary>Bytes of a secret.</summary>
    public const int SecretSize = 32;

    /// <summary>Distance of <c>iat</c> from the clock, either way.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(60);

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
        return ReadAlgorithm(text.AsSpan(0, first)) == "HS256"
            && ReadIssued(text.AsSpan(first + 1, second - first - 1)) is { } issued
            && Math.Abs((decimal)now.ToUnixTimeSeconds() - issued) <= (decimal)AgeMax.TotalSeconds;
    }

    /// <summary>A token issued now.</summary>
    public static string Create(ReadOnlySpan<byte> secret, DateTimeOffset now)
    {
        string text = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8) + "."
            + Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"iat":{{now.ToUnixTimeSeconds()}}}"""));
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)));
    }

    private static string? ReadAlgorithm(ReadOnlySpan<char> part)
    {
        using JsonDocument? document = Decode(part);
        return document is not null && document.RootElement.TryGetProperty("alg", out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static long? ReadIssued(ReadOnlySpan<char> part)
    {
        using JsonDocument? document = Decode(part);
        return document is not null && document.RootElement.TryGetProperty("iat", out JsonElement value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long issued) ? issued : null;
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

    /// <summary>The library's own Try throws for letters that do not belong.</summary>
    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> target, out int length)
    {
        length = 0;
        return Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, target, out length);
    }
}
