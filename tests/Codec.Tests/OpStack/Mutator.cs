using OpSync.TestKit;

namespace OpSync.Codec.Tests.OpStack;

/// <summary>Changes valid bytes in the ways that decoders trip over.</summary>
internal sealed class Mutator(ulong seed, int length)
{
    private static readonly byte[] Edges = [0x00, 0x01, 0x7f, 0x80, 0xb8, 0xc0, 0xf8, 0xff];

    private readonly Random _random = Seeds.Create(unchecked((int)seed * 31 + length));

    public byte[] Next(byte[] source)
    {
        byte[] result = [.. source];
        for (int changes = 1 + _random.Next(3); changes > 0; changes--) result = Change(result);
        return result;
    }

    private byte[] Change(byte[] bytes)
    {
        if (bytes.Length == 0) return [0];

        // The head holds most of the structure.
        int at = _random.Next(2) == 0 ? _random.Next(Math.Min(bytes.Length, 700)) : _random.Next(bytes.Length);
        int count = 1 + _random.Next(Math.Min(40, bytes.Length - at));
        switch (_random.Next(8))
        {
            case 0: bytes[at] ^= (byte)(1 << _random.Next(8)); return bytes;
            case 1: bytes[at] = Edges[_random.Next(Edges.Length)]; return bytes;
            case 2: bytes[at] += (byte)(_random.Next(2) == 0 ? 1 : 255); return bytes;
            case 3: bytes.AsSpan(at, count).Fill((byte)_random.Next(256)); return bytes;
            case 4: return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + count)];
            case 5: return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at, count), .. bytes.AsSpan(at)];
            case 6: return [.. bytes, .. _random.NextBytes(count)];
            default:
                int from = _random.Next(bytes.Length - count + 1);
                bytes.AsSpan(from, count).ToArray().CopyTo(bytes.AsSpan(at));
                return bytes;
        }
    }
}
