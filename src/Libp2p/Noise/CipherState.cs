using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OpSync.Libp2p.Noise;

/// <summary>A ChaCha20-Poly1305 key and its message counter. See the Noise specification, section 5.1.</summary>
/// <remarks>One thread at a time. A failed decryption does not move the counter, and the owner must end the channel.</remarks>
internal sealed class CipherState : IDisposable
{
    /// <summary>Size of the authentication tag in bytes.</summary>
    public const int TagSize = 16;

    /// <summary>The counter value that is never used (section 5.1); reaching it ends the cipher's life.</summary>
    public const ulong CounterEnd = ulong.MaxValue;

    private readonly ChaCha20Poly1305 _aead;

    public CipherState(ReadOnlySpan<byte> key, ulong counter = 0)
    {
        _aead = new ChaCha20Poly1305(key);
        Counter = counter;
    }

    /// <summary>Number of the next message.</summary>
    public ulong Counter { get; private set; }

    /// <summary>Encrypts into <paramref name="target"/>: as long as the plaintext, plus the tag. The plaintext may start where
    /// the target starts. False where the counter is used up.</summary>
    public bool TryEncrypt(ReadOnlySpan<byte> plaintext, Span<byte> target, ReadOnlySpan<byte> associated = default)
    {
        if (Counter == CounterEnd) return false;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce);
        _aead.Encrypt(nonce, plaintext, target[..plaintext.Length], target.Slice(plaintext.Length, TagSize), associated);
        Counter++;
        return true;
    }

    /// <summary>Decrypts a ciphertext that ends in its tag; <paramref name="target"/> is shorter by the tag and may start where
    /// the source starts. False for a wrong tag, a source without one, or a counter used up.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<byte> associated = default)
    {
        if (Counter == CounterEnd || source.Length < TagSize) return false;
        Span<byte> nonce = stackalloc byte[12];
        WriteNonce(nonce);
        int length = source.Length - TagSize;
        try
        {
            _aead.Decrypt(nonce, source[..length], source[length..], target[..length], associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        Counter++;
        return true;
    }

    public void Dispose() => _aead.Dispose();

    /// <summary>Four bytes of zero, then the counter, little-endian (section 12.3).</summary>
    private void WriteNonce(Span<byte> nonce)
    {
        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], Counter);
    }
}
