using System.Security.Cryptography;

namespace OpSync.Libp2p.Noise;

/// <summary>Chaining key, transcript hash and handshake cipher. See the Noise specification, section 5.2.</summary>
internal sealed class SymmetricState : IDisposable
{
    private const int HashSize = SHA256.HashSizeInBytes;

    private readonly byte[] _chainingKey = new byte[HashSize];
    private readonly byte[] _hash = new byte[HashSize];
    private CipherState? _cipher;

    public SymmetricState(ReadOnlySpan<byte> prologue)
    {
        "Noise_XX_25519_ChaChaPoly_SHA256"u8.CopyTo(_hash);   // 32 bytes: its own initial hash
        _hash.CopyTo(_chainingKey.AsSpan());
        MixHash(prologue);
    }

    /// <summary>Hash of everything both sides have seen.</summary>
    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Bytes that an encrypted part is longer than its plaintext: 0 until there is a key.</summary>
    public int Overhead => _cipher is null ? 0 : CipherState.TagSize;

    public void MixHash(ReadOnlySpan<byte> data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_hash);
        hash.AppendData(data);
        hash.GetHashAndReset(_hash);
    }

    public void MixKey(ReadOnlySpan<byte> input)
    {
        Span<byte> key = stackalloc byte[HashSize];
        Derive(input, _chainingKey, key);
        _cipher?.Dispose();
        _cipher = new CipherState(key);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Encrypts, or copies while there is no key, and returns the bytes written.</summary>
    public int EncryptAndHash(ReadOnlySpan<byte> plaintext, Span<byte> target)
    {
        int size = plaintext.Length + Overhead;
        if (_cipher is null) plaintext.CopyTo(target);
        else if (!_cipher.TryEncrypt(plaintext, target[..size], _hash)) throw new CryptographicException("Handshake counter used up.");
        MixHash(target[..size]);
        return size;
    }

    /// <summary>Decrypts, or copies while there is no key. <paramref name="target"/> is shorter than the source by the overhead.</summary>
    public bool TryDecryptAndHash(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (_cipher is null) source.CopyTo(target);
        else if (!_cipher.TryDecrypt(source, target, _hash)) return false;
        MixHash(source);
        return true;
    }

    /// <summary>The two transport ciphers: initiator to responder, and back.</summary>
    public (CipherState Forth, CipherState Back) Split()
    {
        Span<byte> forth = stackalloc byte[HashSize];
        Span<byte> back = stackalloc byte[HashSize];
        Derive(default, forth, back);
        (CipherState, CipherState) ciphers = (new CipherState(forth), new CipherState(back));
        CryptographicOperations.ZeroMemory(forth);
        CryptographicOperations.ZeroMemory(back);
        return ciphers;
    }

    public void Dispose()
    {
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_chainingKey);
    }

    /// <summary>HKDF of section 4.3 with two outputs. Written out, because OpenSSL's own refuses the empty input of a split.</summary>
    private void Derive(ReadOnlySpan<byte> input, Span<byte> first, Span<byte> second)
    {
        Span<byte> key = stackalloc byte[HashSize];
        Span<byte> link = stackalloc byte[HashSize + 1];
        HMACSHA256.HashData(_chainingKey, input, key);
        link[0] = 1;
        HMACSHA256.HashData(key, link[..1], first);
        first.CopyTo(link);
        link[HashSize] = 2;
        HMACSHA256.HashData(key, link, second);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(link);
    }
}
