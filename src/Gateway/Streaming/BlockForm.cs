using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpSync.Gateway.Streaming;

/// <summary>In which form a block is wanted.</summary>
internal enum BlockForm
{
    /// <summary>SSZ, with the parent beacon block root before it where the fork has one.</summary>
    Ssz,

    /// <summary>The stored bytes: a success response of payload_by_number.</summary>
    Wire,

    /// <summary>JSON as the Engine API takes it.</summary>
    Json,

    /// <summary>The header only.</summary>
    Header,
}

/// <summary>Media types of blocks, and which of them a request wants.</summary>
internal static class BlockForms
{
    public const string Ssz = "application/octet-stream";
    public const string Wire = "application/vnd.opsync.payload+snappy";
    public const string Json = "application/json";
    public const string Header = "application/vnd.opsync.header+json";
    public const string Lines = "application/x-ndjson";
    public const string Archive = "application/vnd.opsync.archive";
    public const string SszStream = "application/vnd.opsync.ssz-stream";

    /// <summary>Forms by the parameter <c>format</c>.</summary>
    public const string Names = "ssz, wire, json or header";

    /// <summary>The form that the parameter <c>format</c> names, or else the best of the header Accept; SSZ if neither says.
    /// Null if it is unknown or none fits.</summary>
    public static BlockForm? Of(HttpRequest request, string? format, bool stream)
    {
        if (format is not null) return format switch { "ssz" => BlockForm.Ssz, "wire" => BlockForm.Wire, "json" => BlockForm.Json, "header" => BlockForm.Header, _ => null };
        StringValues accept = request.Headers.Accept;
        if (accept.Count == 0) return BlockForm.Ssz;
        if (!MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? wanted)) return null;
        foreach (MediaTypeHeaderValue one in wanted.OrderByDescending(w => w.Quality ?? 1))
        {
            if (one.Quality == 0) continue;
            switch (one.MediaType.Value)
            {
                case Ssz when !stream:
                case SszStream when stream:
                case "*/*" or "application/*":
                    return BlockForm.Ssz;
                case Wire when !stream:
                case Archive when stream:
                    return BlockForm.Wire;
                case Json when !stream:
                case Lines when stream:
                    return BlockForm.Json;
                case Header when !stream:
                    return BlockForm.Header;
                default:
                    break;
            }
        }

        return null;
    }

    /// <summary>The media type of one block.</summary>
    public static string TypeOf(BlockForm form) => form switch { BlockForm.Wire => Wire, BlockForm.Json => Json, BlockForm.Header => Header, _ => Ssz };

    /// <summary>The media type of a stream of blocks.</summary>
    public static string StreamTypeOf(BlockForm form) => form switch { BlockForm.Wire => Archive, BlockForm.Ssz => SszStream, _ => Lines };
}
