using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using OpSync.Codec.Primitives;

namespace OpSync.Codec.Json;

/// <summary>Writes hex values as Ethereum's JSON-RPC has them: data with every digit, quantities without leading zeros (execution-apis,
/// base types).</summary>
public static class HexJson
{
    private const int StackMax = 512;
    private const int QuantityMax = 2 + 2 * UInt256.Size;

    /// <summary>Writes bytes as data: <c>0x</c> and two digits for each.</summary>
    public static void WriteData(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        writer.WritePropertyName(name);
        writer.WriteDataValue(bytes);
    }

    /// <summary>Writes bytes as data, without a name.</summary>
    public static void WriteDataValue(this Utf8JsonWriter writer, ReadOnlySpan<byte> bytes)
    {
        int length = checked(2 + 2 * bytes.Length);
        byte[]? rented = length > StackMax ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> text = rented ?? stackalloc byte[StackMax];
        text = text[..length];
        "0x"u8.CopyTo(text);
        Convert.TryToHexStringLower(bytes, text[2..], out _);
        writer.WriteStringValue(text);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Writes a hash as data.</summary>
    public static void WriteData(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in Hash32 hash) => writer.WriteData(name, hash.Bytes);

    /// <summary>Writes an address as data.</summary>
    public static void WriteData(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in Address address) => writer.WriteData(name, address.Bytes);

    /// <summary>Writes a number as quantity.</summary>
    public static void WriteQuantity(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, ulong value)
    {
        writer.WritePropertyName(name);
        writer.WriteQuantityValue(value);
    }

    /// <summary>Writes a number as quantity, without a name.</summary>
    public static void WriteQuantityValue(this Utf8JsonWriter writer, ulong value)
    {
        Span<byte> text = stackalloc byte[2 + 2 * sizeof(ulong)];
        "0x"u8.CopyTo(text);
        Utf8Formatter.TryFormat(value, text[2..], out int digits, new StandardFormat('x'));
        writer.WriteStringValue(text[..(2 + digits)]);
    }

    /// <summary>Writes a number as quantity.</summary>
    public static void WriteQuantity(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, in UInt256 value)
    {
        Span<byte> text = stackalloc byte[QuantityMax];
        writer.WriteString(name, text[Format(value, text)..]);
    }

    /// <summary>A number as the text of a quantity.</summary>
    public static string Quantity(in UInt256 value)
    {
        Span<byte> text = stackalloc byte[QuantityMax];
        return Encoding.ASCII.GetString(text[Format(value, text)..]);
    }

    /// <summary>Reads number and hash of a block as <c>eth_getBlockByNumber</c> answers it.</summary>
    /// <param name="block">The block object.</param>
    /// <param name="id">Number and hash.</param>
    public static bool TryReadBlockId(JsonElement block, out BlockId id)
    {
        HexFields fields = new(block);
        id = new BlockId(fields.UInt64("number"), fields.Hash("hash"));
        return fields.Error is null;
    }

    /// <summary>Formats a quantity at the end of its room, and gives where it begins.</summary>
    private static int Format(in UInt256 value, Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[UInt256.Size];
        value.WriteBigEndian(bytes);
        Convert.TryToHexStringLower(bytes, text[2..], out _);
        int digit = text[2..^1].IndexOfAnyExcept((byte)'0');
        int start = digit < 0 ? text.Length - 3 : digit;
        "0x"u8.CopyTo(text[start..]);
        return start;
    }
}
