using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace OpSync.Gateway.Rpc;

/// <summary>What the JSON parser leaves unchecked and then throws for where a text is read.</summary>
internal static class RpcText
{
    /// <summary>False for bytes that are not UTF-8 and for half a surrogate pair among the escapes. True where it is no JSON at all:
    /// the parser has better words for that.</summary>
    public static bool IsUnicode(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) return false;
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0) return true;

        byte[] text = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            Utf8JsonReader reader = new(json);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.CopyString(text);
            }

            return true;
        }
        catch (JsonException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }
}
