using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace OpSync.Gateway.Page;

/// <summary>The files of the page, embedded in this assembly and read once.</summary>
internal static class PageAssets
{
    /// <summary>Begins the resource names; the project file sets it.</summary>
    private const string Prefix = "page/";

    /// <summary>The document itself.</summary>
    public const string Index = "index.html";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    }.ToFrozenDictionary();

    /// <summary>Every file by its name.</summary>
    public static FrozenDictionary<string, PageAsset> All { get; } = Read();

    private static FrozenDictionary<string, PageAsset> Read()
    {
        Assembly assembly = typeof(PageAssets).Assembly;
        Dictionary<string, PageAsset> all = [];
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            string name = resource[Prefix.Length..];
            all.Add(name, new PageAsset(bytes, Types[Path.GetExtension(name)], $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\""));
        }

        return all.ToFrozenDictionary();
    }
}

/// <summary>One file of the page.</summary>
/// <param name="Bytes">As they are sent.</param>
/// <param name="ContentType">With the charset where there is one.</param>
/// <param name="ETag">Strong and quoted: the same bytes have the same tag in every process.</param>
internal sealed record PageAsset(byte[] Bytes, string ContentType, string ETag);
