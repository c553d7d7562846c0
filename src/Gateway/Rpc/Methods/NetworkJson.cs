using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Text.Json;
using OpSync.Contracts.Cluster;

namespace OpSync.Gateway.Rpc.Methods;

/// <summary>Addresses and subnets as op-node's RPC has them: those of Go's package net, an address as text, a subnet as
/// <c>{"IP": "192.0.2.0", "Mask": "////AA=="}</c> with the mask's 4 or 16 bytes in base64.</summary>
internal static class NetworkJson
{
    private const int V4Size = 4, V6Size = 16;

    /// <summary>Reads an address.</summary>
    public static bool TryReadAddress(JsonElement value, out IPNetwork network)
    {
        network = default;
        return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !text.Contains('/', StringComparison.Ordinal) && NetworkText.TryParse(text, out network);
    }

    /// <summary>Reads a subnet. A mask of 16 bytes for an IPv4 address counts by its last 4.</summary>
    public static bool TryReadSubnet(JsonElement value, out IPNetwork network)
    {
        network = default;
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("IP"u8, out JsonElement ip) || !TryReadAddress(ip, out IPNetwork address)) return false;
        Span<byte> mask = stackalloc byte[V6Size + 2];   // base64 comes in threes
        if (!value.TryGetProperty("Mask"u8, out JsonElement encoded) || encoded.ValueKind != JsonValueKind.String
            || !Convert.TryFromBase64String(encoded.GetString()!, mask, out int size))
        {
            return false;
        }

        bool isV4 = address.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        if (size != V6Size && !(isV4 && size == V4Size)) return false;
        ReadOnlySpan<byte> bits = isV4 ? mask[(size - V4Size)..size] : mask[..size];
        int prefix = 0;
        foreach (byte b in bits) prefix += BitOperations.PopCount(b);
        network = NetworkText.Of(address.BaseAddress, prefix);
        return bits.SequenceEqual(Mask(prefix, bits.Length));
    }

    /// <summary>Writes a subnet.</summary>
    public static void WriteSubnet(Utf8JsonWriter writer, IPNetwork network)
    {
        writer.WriteStartObject();
        writer.WriteString("IP"u8, network.BaseAddress.ToString());
        writer.WriteBase64String("Mask"u8, Mask(network.PrefixLength, network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? V4Size : V6Size));
        writer.WriteEndObject();
    }

    private static byte[] Mask(int prefix, int size)
    {
        byte[] mask = new byte[size];
        for (int i = 0; i < size; i++) mask[i] = (byte)(0xff00 >> Math.Clamp(prefix - (i * 8), 0, 8));
        return mask;
    }
}
