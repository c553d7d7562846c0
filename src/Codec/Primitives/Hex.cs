using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace OpSync.Codec.Primitives;

/// <summary>Hex text as Ethereum writes it: lower case with a <c>0x</c> prefix.</summary>
public static class Hex
{
    /// <summary><c>0x</c> and two digits per byte.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => string.Concat("0x", Convert.ToHexStringLower(bytes));

    /// <summary>Decodes exactly <c>target.Length</c> bytes; the prefix may be absent. False leaves the target undefined.</summary>
    public static bool TryDecodeExact([NotNullWhen(true)] string? text, Span<byte> target)
    {
        if (text is null) return false;
        ReadOnlySpan<char> digits = WithoutPrefix(text);
        return digits.Length == 2 * target.Length
            && Convert.FromHexString(digits, target, out _, out int written) == OperationStatus.Done
            && written == target.Length;
    }

    /// <summary>Decodes any even number of digits; the prefix may be absent.</summary>
    public static bool TryDecode([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null) return false;
        ReadOnlySpan<char> digits = WithoutPrefix(text);
        if (digits.Length % 2 != 0) return false;
        byte[] target = new byte[digits.Length / 2];
        if (Convert.FromHexString(digits, target, out _, out int written) != OperationStatus.Done || written != target.Length) return false;
        bytes = target;
        return true;
    }

    private static ReadOnlySpan<char> WithoutPrefix(string text) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
}
