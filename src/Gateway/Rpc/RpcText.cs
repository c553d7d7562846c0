using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace OpSync.Gateway.Rpc;

/// <summary>What is looked at in a request before anything is made of it.</summary>
internal static class RpcText
{
    /// <summary>Finds bytes that are no JSON, and what the parser leaves unchecked and then throws for where a text is read: bytes
    /// that are not UTF-8, and half a surrogate pair among the escapes.</summary>
    /// <param name="json">The request.</param>
    /// <param name="depthMax">Nesting.</param>
    /// <param name="tokens">Values, names and brackets in it: what its parsed form costs.</param>
    /// <returns>What is wrong, or null.</returns>
    public static RpcError? FindFault(ReadOnlySpan<byte> json, int depthMax, out int tokens)
    {
        tokens = 0;
        if (!Utf8.IsValid(json)) return RpcError.Parse("the text is not Unicode");
        byte[]? text = json.Contains((byte)'\\') ? ArrayPool<byte>.Shared.Rent(json.Length) : null;
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = depthMax });
            for (; reader.Read(); tokens++)
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.CopyString(text);
            }

            return null;
        }
        catch (JsonException e)
        {
            return RpcError.Parse(e.Message);
        }
        catch (InvalidOperationException)
        {
            return RpcError.Parse("the text is not Unicode");
        }
        finally
        {
            if (text is not null) ArrayPool<byte>.Shared.Return(text);
        }
    }
}
