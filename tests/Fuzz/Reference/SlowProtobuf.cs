using System.Numerics;

namespace OpSync.Fuzz.Reference;

/// <summary>A protobuf message as a list of fields (protobuf encoding guide).</summary>
internal static class SlowProtobuf
{
    private const int FieldsMax = 1_024;

    /// <summary>Fields in their order; null where the message is malformed or has too many.</summary>
    public static List<(int Field, int Wire, ulong Number, byte[] Bytes)>? Fields(byte[] message)
    {
        List<(int, int, ulong, byte[])> fields = [];
        for (int at = 0; at < message.Length;)
        {
            if (fields.Count == FieldsMax || Varint(message, ref at) is not { } tag) return null;
            BigInteger number = tag >> 3;
            int wire = (int)(tag & 7);
            if (number.IsZero || number >= 1 << 29) return null;
            ulong value = 0;
            byte[] bytes = [];
            if (wire == 0)
            {
                if (Varint(message, ref at) is not { } read) return null;
                value = read;
            }
            else
            {
                ulong? size = wire switch { 1 => 8, 5 => 4, 2 => Varint(message, ref at), _ => null };
                if (size is null || size > (ulong)(message.Length - at)) return null;
                bytes = message[at..(at + (int)size)];
                at += (int)size;
            }

            fields.Add(((int)number, wire, value, bytes));
        }

        return fields;
    }

    /// <summary>Reads a number of up to 64 bits in up to ten bytes.</summary>
    public static ulong? Varint(byte[] source, ref int at)
    {
        BigInteger value = 0;
        for (int i = 0; i < 10; i++)
        {
            if (at >= source.Length) return null;
            byte part = source[at++];
            value += (BigInteger)(part & 0x7f) << (7 * i);
            if (part >= 0x80) continue;
            return value <= ulong.MaxValue ? (ulong)value : null;
        }

        return null;
    }
}
