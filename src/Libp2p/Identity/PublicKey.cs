using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;
using OpSync.Libp2p.Protobuf;

namespace OpSync.Libp2p.Identity;

/// <summary>Public half of a peer's identity, in the peer-ids spec's protobuf form. Immutable and safe for any thread.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Longest message accepted, in bytes: room for an RSA key of 8,192 bits and its DER wrapping.</summary>
    public const int SizeMax = 1_200;

    /// <summary>Smallest and largest RSA modulus in bits. The largest bounds the work of one verification.</summary>
    private const int RsaBitsMin = 2_048, RsaBitsMax = 8_192;

    // SubjectPublicKeyInfo of RFC 5480 up to the coordinates: algorithm, named curve, uncompressed point.
    private static ReadOnlySpan<byte> P256Header =>
        [0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0, 4];

    private static ReadOnlySpan<byte> P384Header =>
        [0x30, 0x76, 0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22, 3, 0x62, 0, 4];

    private static ReadOnlySpan<byte> P521Header =>
        [0x30, 0x81, 0x9b, 0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x23, 3, 0x81, 0x86, 0, 4];

    private const int TypeField = 1;
    private const int DataField = 2;

    private readonly byte[] _protobuf;
    private readonly byte[] _data;

    private PublicKey(KeyType type, byte[] data)
    {
        Type = type;
        _data = data;
        ArrayBufferWriter<byte> buffer = new(data.Length + 8);
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(TypeField, (ulong)type);
        writer.WriteBytes(DataField, data);
        _protobuf = buffer.WrittenSpan.ToArray();
    }

    /// <summary>Kind of the key.</summary>
    public KeyType Type { get; }

    /// <summary>The key message in its canonical encoding: what a peer id is made of.</summary>
    public ReadOnlyMemory<byte> Protobuf => _protobuf;

    /// <summary>The key in its kind's own form: 32 bytes (Ed25519), 33 (secp256k1, compressed), or DER.</summary>
    public ReadOnlyMemory<byte> Data => _data;

    /// <summary>Reads a key message. It must be canonical, as the peer id depends on its bytes, and hold a key of its type.</summary>
    public static bool TryRead(ReadOnlySpan<byte> protobuf, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (protobuf.Length > SizeMax) return false;
        ulong? type = null;
        ReadOnlySpan<byte> data = default;
        ProtobufReader reader = new(protobuf, fieldsMax: 2);
        while (reader.Next())
        {
            if (reader is { Field: TypeField, Wire: WireType.Varint }) type = reader.Number;
            else if (reader is { Field: DataField, Wire: WireType.Bytes }) data = reader.Bytes;
        }

        if (reader.Malformed || type is null or > (ulong)KeyType.Ecdsa || !IsValid((KeyType)type.Value, data)) return false;
        PublicKey read = new((KeyType)type.Value, data.ToArray());
        if (!protobuf.SequenceEqual(read._protobuf)) return false;
        key = read;
        return true;
    }

    /// <summary>The key of an identity whose key material was derived here.</summary>
    internal static PublicKey Create(KeyType type, byte[] data) => new(type, data);

    /// <summary>Whether <paramref name="signature"/> over <paramref name="message"/> was made with the private half.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        switch (Type)
        {
            case KeyType.Ed25519:
                return Ed25519.Verify(_data, message, signature);
            case KeyType.Secp256k1:
                return Secp256k1.Verify(_data, message, signature);
            case KeyType.Rsa:
                using (RSA? rsa = OpenRsa(_data))
                    return rsa is not null && rsa.VerifyData(message, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            default:
                using (ECDsa? ecdsa = OpenEcdsa(_data))
                    return ecdsa is not null
                        && ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] PublicKey? other) => other is not null && _protobuf.AsSpan().SequenceEqual(other._protobuf);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_protobuf);
        return hash.ToHashCode();
    }

    private static bool IsValid(KeyType type, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case KeyType.Ed25519:
                return data.Length == Ed25519.KeySize;
            case KeyType.Secp256k1:
                return Secp256k1.IsPublicKey(data);
            case KeyType.Rsa:
                using (RSA? rsa = OpenRsa(data)) return rsa is not null;
            default:
                using (ECDsa? ecdsa = OpenEcdsa(data)) return ecdsa is not null;
        }
    }

    private static RSA? OpenRsa(ReadOnlySpan<byte> data)
    {
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(data, out int read);
            if (read == data.Length && rsa.KeySize is >= RsaBitsMin and <= RsaBitsMax) return rsa;
        }
        catch (CryptographicException)
        {
            // Not a key in this form: the peer's doing, answered like any other malformed key.
        }

        rsa.Dispose();
        return null;
    }

    /// <summary>Opens a key on a NIST curve. The DER form of such a key is a fixed header and a point, so that the header is
    /// compared and nothing of the peer's choosing is parsed: no other curve, no curve parameters.</summary>
    private static ECDsa? OpenEcdsa(ReadOnlySpan<byte> data)
    {
        (ECCurve Curve, int HeaderSize, int Size) form =
            data.StartsWith(P256Header) ? (ECCurve.NamedCurves.nistP256, P256Header.Length, 32)
            : data.StartsWith(P384Header) ? (ECCurve.NamedCurves.nistP384, P384Header.Length, 48)
            : data.StartsWith(P521Header) ? (ECCurve.NamedCurves.nistP521, P521Header.Length, 66)
            : default;
        if (form.Size == 0 || data.Length != form.HeaderSize + (2 * form.Size)) return null;
        ReadOnlySpan<byte> point = data[form.HeaderSize..];
        try
        {
            return ECDsa.Create(new ECParameters
            {
                Curve = form.Curve,
                Q = new ECPoint { X = point[..form.Size].ToArray(), Y = point[form.Size..].ToArray() },
            });
        }
        catch (CryptographicException)
        {
            return null;   // no point of the curve
        }
    }
}
