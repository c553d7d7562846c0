using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Json;

/// <summary>Reads the hex fields of a JSON object and remembers the first thing that is wrong; what follows it is of no meaning.</summary>
/// <param name="json">The object.</param>
/// <param name="path">Its place, for messages: empty, or names with a dot behind.</param>
internal sealed class HexFields(JsonElement json, string path = "")
{
    private const int UInt64Digits = 16;
    private const int UInt256Digits = 64;

    /// <summary>What is wrong, with the field's name; null while nothing is.</summary>
    public string? Error { get; private set; } = json.ValueKind == JsonValueKind.Object ? null : $"{path}{(path.Length == 0 ? "it " : "")}is no object";

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Adds what is wrong, if nothing was before.</summary>
    public void Fail(string problem) => Error ??= path + problem;

    public Hash32 Hash(string name)
    {
        Span<byte> bytes = stackalloc byte[Hash32.Size];
        bytes.Clear();
        Exact(name, bytes);
        return new Hash32(bytes);
    }

    public Address Address(string name)
    {
        Span<byte> bytes = stackalloc byte[Primitives.Address.Size];
        bytes.Clear();
        Exact(name, bytes);
        return new Address(bytes);
    }

    public byte[] Data(string name, int lengthMax) => Value(name) is { } value ? Data(value, name, lengthMax) : [];

    /// <summary>The data of an array's item.</summary>
    public byte[] Data(JsonElement value, string name, int lengthMax)
    {
        ReadOnlySpan<byte> digits = Digits(value);
        if (digits.Length % 2 == 0 && digits.Length / 2 <= lengthMax && IsHex(value))
        {
            byte[] bytes = new byte[digits.Length / 2];
            if (Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done) return bytes;
        }

        Fail($"{name}: not 0x and up to {lengthMax} bytes in hex");
        return [];
    }

    public ulong UInt64(string name)
    {
        UInt256 value = Quantity(name, UInt64Digits);
        return value.U0;
    }

    public UInt256 UInt256(string name) => Quantity(name, UInt256Digits);

    /// <summary>A truth value; absent and null are false.</summary>
    public bool Flag(string name)
    {
        if (!Has(name)) return false;
        JsonValueKind kind = json.GetProperty(name).ValueKind;
        if (kind is not (JsonValueKind.True or JsonValueKind.False)) Fail($"{name}: neither true nor false");
        return kind == JsonValueKind.True;
    }

    /// <summary>The items of an array.</summary>
    public JsonElement.ArrayEnumerator Items(string name, int countMax)
    {
        if (Value(name) is not { ValueKind: JsonValueKind.Array } array)
        {
            Fail($"{name}: no array");
            return default;
        }

        if (array.GetArrayLength() <= countMax) return array.EnumerateArray();
        Fail($"{name}: more than {countMax} items");
        return default;
    }

    private void Exact(string name, Span<byte> target)
    {
        if (Value(name) is not { } value) return;
        ReadOnlySpan<byte> digits = Digits(value);
        if (!IsHex(value) || digits.Length != 2 * target.Length || Convert.FromHexString(digits, target, out _, out _) != OperationStatus.Done)
        {
            target.Clear();
            Fail($"{name}: not 0x and {target.Length} bytes in hex");
        }
    }

    private UInt256 Quantity(string name, int digitsMax)
    {
        if (Value(name) is not { } value) return default;
        ReadOnlySpan<byte> digits = Digits(value);
        Span<byte> padded = stackalloc byte[UInt256Digits];
        Span<byte> bytes = stackalloc byte[Primitives.UInt256.Size];
        if (IsHex(value) && digits.Length >= 1 && digits.Length <= digitsMax)
        {
            padded.Fill((byte)'0');
            digits.CopyTo(padded[^digits.Length..]);
            if (Convert.FromHexString(padded, bytes, out _, out _) == OperationStatus.Done) return Primitives.UInt256.ReadBigEndian(bytes);
        }

        Fail($"{name}: not 0x and a number of 1 to {digitsMax} hex digits");
        return default;
    }

    private JsonElement? Value(string name)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value)) return value;
        Fail($"{name}: missing");
        return null;
    }

    private static bool IsHex(JsonElement value) => value.ValueKind == JsonValueKind.String
        && JsonMarshal.GetRawUtf8Value(value) is [(byte)'"', (byte)'0', (byte)'x' or (byte)'X', ..];

    /// <summary>What stands between the prefix and the closing quote. Escapes are no hex digits, so the raw text will do.</summary>
    private static ReadOnlySpan<byte> Digits(JsonElement value)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value);
        return raw.Length < 4 ? default : raw[3..^1];
    }
}
