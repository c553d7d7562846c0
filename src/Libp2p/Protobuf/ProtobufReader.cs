using System.Buffers;
using System.Buffers.Binary;
using OpSync.Codec.Varint;

namespace OpSync.Libp2p.Protobuf;

/// <summary>Walks the fields of one protobuf message in a span. Allocates nothing; values are views of the input.</summary>
/// <remarks>
/// Loop on <see cref="Next"/>, pick the known (<see cref="Field"/>, <see cref="Wire"/>) pairs, ignore the rest, and look at
/// <see cref="Malformed"/> after the loop. The caller bounds the message's size before it has the bytes; the reader bounds
/// the number of fields.
/// </remarks>
public ref struct ProtobufReader
{
    /// <summary>Fields in one message by default; libp2p's handshake and identify messages have a few dozen at most.</summary>
    public const int FieldsMaxDefault = 1_024;

    /// <summary>Highest field number of protobuf: 2^29 - 1.</summary>
    private const ulong FieldNumberMax = (1u << 29) - 1;

    private ReadOnlySpan<byte> _rest;
    private int _fieldsLeft;

    /// <summary>Reads <paramref name="message"/>, of at most <paramref name="fieldsMax"/> fields.</summary>
    public ProtobufReader(ReadOnlySpan<byte> message, int fieldsMax = FieldsMaxDefault)
    {
        _rest = message;
        _fieldsLeft = fieldsMax;
    }

    /// <summary>Number of the field last read, from 1.</summary>
    public int Field { get; private set; }

    /// <summary>Layout of the field last read.</summary>
    public WireType Wire { get; private set; }

    /// <summary>Value of a <see cref="WireType.Varint"/>, <see cref="WireType.Fixed32"/> or <see cref="WireType.Fixed64"/> field.</summary>
    public ulong Number { get; private set; }

    /// <summary>Value of a <see cref="WireType.Bytes"/> field: a view of the message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>True once a broken tag, length or wire type, or too many fields, ended the walk.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Steps to the next field. False at the end of the message and when it is malformed.</summary>
    public bool Next()
    {
        if (Malformed || _rest.IsEmpty) return false;
        if (_fieldsLeft-- <= 0 || !TryReadField())
        {
            Malformed = true;
            return false;
        }

        return true;
    }

    private bool TryReadField()
    {
        if (!TryTakeVarint(out ulong tag)) return false;
        ulong field = tag >> 3;
        if (field is 0 or > FieldNumberMax) return false;
        Field = (int)field;
        Wire = (WireType)(tag & 7);
        Number = 0;
        Bytes = default;

        switch (Wire)
        {
            case WireType.Varint:
                if (!TryTakeVarint(out ulong number)) return false;
                Number = number;
                return true;
            case WireType.Fixed64:
                if (!TryTake(sizeof(ulong), out ReadOnlySpan<byte> eight)) return false;
                Number = BinaryPrimitives.ReadUInt64LittleEndian(eight);
                return true;
            case WireType.Fixed32:
                if (!TryTake(sizeof(uint), out ReadOnlySpan<byte> four)) return false;
                Number = BinaryPrimitives.ReadUInt32LittleEndian(four);
                return true;
            case WireType.Bytes:
                if (!TryTakeVarint(out ulong length) || !TryTake(length, out ReadOnlySpan<byte> bytes)) return false;
                Bytes = bytes;
                return true;
            default:
                return false;
        }
    }

    private bool TryTakeVarint(out ulong value)
    {
        // Protobuf, unlike the rest of libp2p, allows longer forms of a number.
        if (Uvarint.Read(_rest, out value, out int size, canonical: false) != OperationStatus.Done) return false;
        _rest = _rest[size..];
        return true;
    }

    private bool TryTake(ulong length, out ReadOnlySpan<byte> bytes)
    {
        if (length > (ulong)_rest.Length)
        {
            bytes = default;
            return false;
        }

        bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }
}
