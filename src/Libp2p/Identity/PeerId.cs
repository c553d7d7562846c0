using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OpSync.Libp2p.Identity;

/// <summary>Name of a peer: the multihash of its public key. See the libp2p peer-ids spec.</summary>
/// <remarks>Immutable. Only the two multihash forms libp2p creates exist: the key itself (identity, up to 42 bytes) and SHA-256.</remarks>
public sealed class PeerId : IEquatable<PeerId>, IComparable<PeerId>
{
    /// <summary>Longest public key message that is embedded instead of hashed, in bytes (peer-ids spec, "Peer Ids").</summary>
    public const int InlineKeySizeMax = 42;

    /// <summary>Longest peer id in bytes: two bytes of multihash header and an embedded key.</summary>
    public const int SizeMax = 2 + InlineKeySizeMax;

    private const byte IdentityCode = 0x00;
    private const byte Sha256Code = 0x12;
    private const byte CidVersion = 0x01;
    private const byte Libp2pKeyCodec = 0x72;
    private const char Base32Prefix = 'b';

    private readonly byte[] _bytes;
    private readonly string _text;
    private readonly int _hash;

    private PeerId(byte[] bytes)
    {
        _bytes = bytes;
        _text = Base58.Encode(bytes);
        HashCode hash = default;   // seeded per process, so that nobody can pick ids that collide
        hash.AddBytes(bytes);
        _hash = hash.ToHashCode();
    }

    /// <summary>The multihash, 3 to 44 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The id of the peer that holds <paramref name="key"/>.</summary>
    public static PeerId FromPublicKey(PublicKey key)
    {
        ReadOnlySpan<byte> message = key.Protobuf.Span;
        bool inline = message.Length <= InlineKeySizeMax;
        byte[] bytes = new byte[2 + (inline ? message.Length : SHA256.HashSizeInBytes)];
        bytes[0] = inline ? IdentityCode : Sha256Code;
        bytes[1] = (byte)(bytes.Length - 2);
        if (inline) message.CopyTo(bytes.AsSpan(2));
        else SHA256.HashData(message, bytes.AsSpan(2));
        return new PeerId(bytes);
    }

    /// <summary>Reads a multihash; the whole span is the id.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PeerId? id)
    {
        id = null;
        // Both codes and both lengths are below 128, so that each is a varint of one byte.
        if (bytes.Length < 3 || bytes[1] != bytes.Length - 2) return false;
        bool known = bytes[0] switch
        {
            IdentityCode => bytes.Length <= SizeMax,
            Sha256Code => bytes.Length == 2 + SHA256.HashSizeInBytes,
            _ => false,
        };
        if (!known) return false;
        id = new PeerId(bytes.ToArray());
        return true;
    }

    /// <summary>Reads base58 text (<c>Qm..</c>, <c>12D3..</c>, <c>16Uiu2..</c>) or a CIDv1 in base 32 (<c>bafz..</c>).</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PeerId? id)
    {
        id = null;
        if (string.IsNullOrEmpty(text) || text.Length > Base58.LengthMax) return false;
        Span<byte> bytes = stackalloc byte[SizeMax + 2];
        if (text[0] == Base32Prefix)
        {
            return Base32.TryDecode(text.AsSpan(1), bytes, out int size)
                && size > 2 && bytes[0] == CidVersion && bytes[1] == Libp2pKeyCodec
                && TryFromBytes(bytes[2..size], out id);
        }

        return (text[0] == '1' || text.StartsWith("Qm", StringComparison.Ordinal))
            && Base58.TryDecode(text, bytes, out int written)
            && TryFromBytes(bytes[..written], out id);
    }

    /// <summary>The public key, where the id embeds it: always for Ed25519 and secp256k1 keys.</summary>
    public bool TryGetPublicKey([NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return _bytes[0] == IdentityCode && PublicKey.TryRead(_bytes.AsSpan(2), out key);
    }

    /// <summary>The canonical text: base58.</summary>
    public override string ToString() => _text;

    /// <summary>The other text form: CIDv1, codec libp2p-key, base 32.</summary>
    public string ToCidString() => Base32Prefix + Base32.Encode([CidVersion, Libp2pKeyCodec, .. _bytes]);

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] PeerId? other) =>
        other is not null && (ReferenceEquals(this, other) || _bytes.AsSpan().SequenceEqual(other._bytes));

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as PeerId);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>Orders by bytes; null comes first.</summary>
    public int CompareTo(PeerId? other) => other is null ? 1 : _bytes.AsSpan().SequenceCompareTo(other._bytes);

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(PeerId? left, PeerId? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(PeerId? left, PeerId? right) => !(left == right);
}
