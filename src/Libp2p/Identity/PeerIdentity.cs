using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using OpSync.Libp2p.Crypto;
using OpSync.Libp2p.Protobuf;

namespace OpSync.Libp2p.Identity;

/// <summary>The local peer's key pair: it signs, and its public half names the peer. Safe for any thread.</summary>
/// <remarks>Never printed; <see cref="ToString"/> gives the peer id. Disposing erases the key.</remarks>
public abstract class PeerIdentity : IDisposable
{
    /// <summary>Size of a private key in bytes, in both kinds.</summary>
    public const int PrivateKeySize = 32;

    private const int TypeField = 1;
    private const int DataField = 2;

    private readonly byte[] _privateKey;

    private protected PeerIdentity(PublicKey publicKey, ReadOnlySpan<byte> privateKey)
    {
        PublicKey = publicKey;
        Id = PeerId.FromPublicKey(publicKey);
        _privateKey = privateKey.ToArray();
    }

    /// <summary>Name of the peer.</summary>
    public PeerId Id { get; }

    /// <summary>Public half of the key.</summary>
    public PublicKey PublicKey { get; }

    private protected ReadOnlySpan<byte> PrivateKey => _privateKey;

    /// <summary>A new random identity, Ed25519 or secp256k1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">RSA and ECDSA identities are not created here.</exception>
    public static PeerIdentity Create(KeyType type)
    {
        byte[] secret = type switch
        {
            KeyType.Ed25519 => RandomNumberGenerator.GetBytes(PrivateKeySize),
            KeyType.Secp256k1 => Secp256k1.CreatePrivateKey(),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "An identity is an Ed25519 or a secp256k1 key."),
        };
        try
        {
            return TryFromPrivateKey(type, secret, out PeerIdentity? identity)
                ? identity : throw new CryptographicException("The new key was refused.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>The identity of a raw private key of 32 bytes: an Ed25519 seed, or a secp256k1 scalar from 1 to the order - 1.</summary>
    public static bool TryFromPrivateKey(KeyType type, ReadOnlySpan<byte> privateKey, [NotNullWhen(true)] out PeerIdentity? identity)
    {
        identity = null;
        if (privateKey.Length != PrivateKeySize) return false;
        if (type == KeyType.Ed25519) identity = new Ed25519Identity(privateKey);
        else if (type == KeyType.Secp256k1) identity = Secp256k1Identity.TryOpen(privateKey);
        return identity is not null;
    }

    /// <summary>Reads a private key message of the peer-ids spec.</summary>
    public static KeyFileFault TryRead(ReadOnlySpan<byte> protobuf, out PeerIdentity? identity)
    {
        identity = null;
        ulong? type = null;
        ReadOnlySpan<byte> data = default;
        ProtobufReader reader = new(protobuf, fieldsMax: 2);
        while (reader.Next())
        {
            if (reader is { Field: TypeField, Wire: WireType.Varint }) type = reader.Number;
            else if (reader is { Field: DataField, Wire: WireType.Bytes }) data = reader.Bytes;
        }

        if (reader.Malformed) return KeyFileFault.Malformed;
        switch (type)
        {
            case (ulong)KeyType.Secp256k1:
                return TryFromPrivateKey(KeyType.Secp256k1, data, out identity) ? KeyFileFault.None : KeyFileFault.Malformed;
            case (ulong)KeyType.Ed25519:
                // The seed and its public key; old files repeat the public key. Every copy must be the seed's.
                if (data.Length is not (64 or 96)) return KeyFileFault.Malformed;
                PeerIdentity read = new Ed25519Identity(data[..PrivateKeySize]);
                for (int at = PrivateKeySize; at < data.Length; at += Ed25519.KeySize)
                {
                    if (data.Slice(at, Ed25519.KeySize).SequenceEqual(read.PublicKey.Data.Span)) continue;
                    read.Dispose();
                    return KeyFileFault.Malformed;
                }

                identity = read;
                return KeyFileFault.None;
            case (ulong)KeyType.Rsa or (ulong)KeyType.Ecdsa:
                return KeyFileFault.UnsupportedType;
            default:
                return KeyFileFault.Malformed;
        }
    }

    /// <summary>Reads a key file: 64 hex digits are a secp256k1 key, as in op-node's <c>opnode_p2p_priv.txt</c>; anything else
    /// must be a libp2p private key message in base64.</summary>
    public static bool TryLoad(string path, [NotNullWhen(true)] out PeerIdentity? identity, out KeyFileFault fault)
    {
        fault = PeerKeyFile.TryRead(path, out identity);
        return identity is not null;
    }

    /// <summary>Writes the key to a new file that only its owner may read (mode 0600), in a form <see cref="TryLoad"/> reads.</summary>
    /// <remarks>The file appears complete or not at all, and an existing one is never replaced.</remarks>
    /// <exception cref="IOException">The file exists, or could not be written.</exception>
    public void Save(string path) => PeerKeyFile.Write(path, ToText());

    /// <summary>Signs a message in the form the key's kind has in libp2p: 64 bytes for Ed25519, low-S DER over SHA-256 for
    /// secp256k1.</summary>
    public abstract byte[] Sign(ReadOnlySpan<byte> message);

    /// <summary>The peer id.</summary>
    public sealed override string ToString() => Id.ToString();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Erases the key.</summary>
    protected virtual void Dispose(bool disposing) => CryptographicOperations.ZeroMemory(_privateKey);

    /// <summary>Text of the key file.</summary>
    private protected abstract string ToText();

    /// <summary>The private key message of the peer-ids spec.</summary>
    private protected byte[] ToProtobuf(ReadOnlySpan<byte> data)
    {
        ArrayBufferWriter<byte> buffer = new(data.Length + 8);
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(TypeField, (ulong)PublicKey.Type);
        writer.WriteBytes(DataField, data);
        return buffer.WrittenSpan.ToArray();
    }
}
