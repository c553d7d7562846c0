using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpSync.Gateway.Security;

/// <summary>The tokens there are. Knows hashes only; looking one up takes the same time whether it exists or not.</summary>
/// <remarks>Tokens carry 256 random bits, so a plain hash is enough: there is nothing to guess, and no salt to add.</remarks>
internal sealed class TokenBook(IReadOnlyList<GatewayToken> tokens, byte[]? jwtSecret, TimeProvider time)
{
    /// <summary>Longest text that is looked at. Real ones have some 50 characters, JWTs a few hundred.</summary>
    public const int TextMax = 1_024;

    /// <summary>What begins every token of <see cref="Create"/>, so that scanners for leaked secrets can know it.</summary>
    public const string Prefix = "opsync_";

    private static readonly GatewayToken JwtHolder = new("jwt", [], GatewayScopes.All);

    /// <summary>A new token and what the configuration keeps of it.</summary>
    public static (string Token, byte[] Hash) Create()
    {
        string token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }

    /// <summary>Who holds this token, or null.</summary>
    public GatewayToken? Find(string text)
    {
        if (text.Length is 0 or > TextMax) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        GatewayToken? found = null;
        foreach (GatewayToken token in tokens)
        {
            // All are compared: how long it takes says nothing of which one it is.
            if (CryptographicOperations.FixedTimeEquals(hash, token.Hash)) found = token;
        }

        if (found is not null || jwtSecret is null) return found;
        return JsonWebToken.IsValid(text, jwtSecret, time.GetUtcNow()) ? JwtHolder : null;
    }
}
