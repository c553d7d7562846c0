using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpSync.K8s.Kustomize;

/// <summary>The name that kustomize gives to a generated ConfigMap: the name and a hash of the content.</summary>
internal static class GeneratedName
{
    private const int HashLength = 10;

    /// <summary>Go's JSON, in which the hash is taken: all as it is but for three letters with a meaning in HTML.</summary>
    private static readonly JsonSerializerOptions AsGo = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>opsync-config-h7c4m2f6k9</c>.</summary>
    public static string Of(string name, JsonObject data)
    {
        JsonObject sorted = new(data.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));

        // The hash is of the content alone: kustomize leaves the name in it empty.
        string text = new JsonObject { ["data"] = sorted, ["kind"] = "ConfigMap", ["name"] = "" }.ToJsonString(AsGo)
            .Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashLength];

        // Vowels and what looks like them are replaced, so that no word comes out.
        return $"{name}-{hash.Replace('0', 'g').Replace('1', 'h').Replace('3', 'k').Replace('a', 'm').Replace('e', 't')}";
    }
}
