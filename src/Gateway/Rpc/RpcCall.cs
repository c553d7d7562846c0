using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using OpSync.Codec.Primitives;

namespace OpSync.Gateway.Rpc;

/// <summary>A call on its way to its method.</summary>
/// <param name="Chain">The chain in the path.</param>
/// <param name="Method">Name.</param>
/// <param name="Parameters">Positional parameters, or undefined.</param>
/// <param name="Result">Where the method writes its result, one JSON value.</param>
/// <param name="BytesMax">Bytes that the result may have.</param>
/// <param name="Caller">Who calls.</param>
internal sealed record RpcCall(RpcChain Chain, string Method, JsonElement Parameters, Utf8JsonWriter Result, long BytesMax, RpcCaller Caller)
{
    /// <summary>A parameter; undefined where there is none.</summary>
    public JsonElement this[int index] =>
        Parameters.ValueKind == JsonValueKind.Array && Parameters.GetArrayLength() > index ? Parameters[index] : default;

    /// <summary>A parameter that is a 32-byte hash.</summary>
    public bool TryGetHash(int index, out Hash32 hash)
    {
        hash = default;
        return this[index] is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: 66 } value && Hash32.TryParse(value, out hash);
    }

    /// <summary>A parameter that names a height by number or tag.</summary>
    /// <param name="index">Position.</param>
    /// <param name="number">Height, where it is a number.</param>
    /// <param name="tag">Tag, where it is one.</param>
    /// <param name="error">What is wrong with it.</param>
    public bool TryGetHeight(int index, out ulong number, out string? tag, [NotNullWhen(false)] out RpcError? error)
    {
        number = 0;
        tag = null;
        error = null;
        string? text = this[index] is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
        if (text is "latest" or "safe" or "finalized" or "earliest") tag = text;
        else if (text is "pending") error = RpcError.InvalidParameters("there is no pending block here: this service executes nothing");
        else if (text is not ['0', 'x', _, ..] || !ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number))
            error = RpcError.InvalidParameters($"parameter {index} is neither a block number in hex (0x...) nor latest, safe, finalized or earliest");
        return error is null;
    }
}
