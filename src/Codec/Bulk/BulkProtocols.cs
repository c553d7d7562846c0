using System.Globalization;

namespace OpSync.Codec.Bulk;

/// <summary>The protocols that OpSync peers speak among themselves, one request and one answer per stream: headers and payloads in
/// bulk, and what a peer holds and grants. Negotiated by id, so that a peer without them is asked as any other.</summary>
/// <remarks>Integers are little-endian. An answer begins with a <see cref="BulkCode"/>; a refusal adds four bytes, the milliseconds
/// after which to ask again. A success ends with a <see cref="BulkEnd"/>, so that a cut answer is never taken for a short one.</remarks>
public static class BulkProtocols
{
    /// <summary>Bytes of a refusal: code and milliseconds.</summary>
    public const int RefusalSize = 5;

    /// <summary>Bytes behind the items of a success: a length of zero (two bytes for headers, four for payloads) is followed by the
    /// end code and the milliseconds after which to ask for more.</summary>
    public const int EndSize = 5;

    /// <summary>Block headers, from a height down.</summary>
    public static string Headers(ulong chainId) => Id(chainId, "headers/1");

    /// <summary>Payloads of consecutive heights, ascending.</summary>
    public static string Payloads(ulong chainId) => Id(chainId, "payloads/1");

    /// <summary>What a peer holds and what it grants.</summary>
    public static string Status(ulong chainId) => Id(chainId, "status/1");

    private static string Id(ulong chainId, string name) => string.Create(CultureInfo.InvariantCulture, $"/opsync/{chainId}/{name}");
}
