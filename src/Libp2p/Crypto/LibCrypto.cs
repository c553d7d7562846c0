using System.Runtime.InteropServices;

namespace OpSync.Libp2p.Crypto;

/// <summary>The platform's OpenSSL 1.1.1 or later: raw X25519 and Ed25519 keys, which .NET does not offer.</summary>
/// <remarks>
/// Bound at run time by function pointers, so that a machine without the library, or with a build that lacks a function,
/// falls back to the code in this folder. Every failing call clears OpenSSL's per-thread error queue, which .NET's own
/// cryptography reads after its failures.
/// </remarks>
internal static unsafe class LibCrypto
{
    private const int NidX25519 = 1034;
    private const int NidEd25519 = 1087;
    private const int KeySize = 32;
    private const int SignatureSize = 64;

    private static readonly string[] s_names =
    [
        "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so", "libcrypto.3.dylib", "libcrypto.1.1.dylib",
    ];

    private static readonly delegate* unmanaged<int, void*, byte*, nuint, void*> s_newPrivate;
    private static readonly delegate* unmanaged<int, void*, byte*, nuint, void*> s_newPublic;
    private static readonly delegate* unmanaged<void*, byte*, nuint*, int> s_getPublic;
    private static readonly delegate* unmanaged<void*, void> s_keyFree;
    private static readonly delegate* unmanaged<void*, void*, void*> s_contextNew;
    private static readonly delegate* unmanaged<void*, void> s_contextFree;
    private static readonly delegate* unmanaged<void*, int> s_deriveInit;
    private static readonly delegate* unmanaged<void*, void*, int> s_deriveSetPeer;
    private static readonly delegate* unmanaged<void*, byte*, nuint*, int> s_derive;
    private static readonly delegate* unmanaged<void*> s_digestNew;
    private static readonly delegate* unmanaged<void*, void> s_digestFree;
    private static readonly delegate* unmanaged<void*, void**, void*, void*, void*, int> s_signInit;
    private static readonly delegate* unmanaged<void*, byte*, nuint*, byte*, nuint, int> s_sign;
    private static readonly delegate* unmanaged<void*, void**, void*, void*, void*, int> s_verifyInit;
    private static readonly delegate* unmanaged<void*, byte*, nuint, byte*, nuint, int> s_verify;
    private static readonly delegate* unmanaged<void> s_clearError;

    static LibCrypto()
    {
        if (!TryLoad(out nint library)) return;
        bool all = true;
        s_newPrivate = (delegate* unmanaged<int, void*, byte*, nuint, void*>)Find("EVP_PKEY_new_raw_private_key");
        s_newPublic = (delegate* unmanaged<int, void*, byte*, nuint, void*>)Find("EVP_PKEY_new_raw_public_key");
        s_getPublic = (delegate* unmanaged<void*, byte*, nuint*, int>)Find("EVP_PKEY_get_raw_public_key");
        s_keyFree = (delegate* unmanaged<void*, void>)Find("EVP_PKEY_free");
        s_contextNew = (delegate* unmanaged<void*, void*, void*>)Find("EVP_PKEY_CTX_new");
        s_contextFree = (delegate* unmanaged<void*, void>)Find("EVP_PKEY_CTX_free");
        s_deriveInit = (delegate* unmanaged<void*, int>)Find("EVP_PKEY_derive_init");
        s_deriveSetPeer = (delegate* unmanaged<void*, void*, int>)Find("EVP_PKEY_derive_set_peer");
        s_derive = (delegate* unmanaged<void*, byte*, nuint*, int>)Find("EVP_PKEY_derive");
        s_digestNew = (delegate* unmanaged<void*>)Find("EVP_MD_CTX_new");
        s_digestFree = (delegate* unmanaged<void*, void>)Find("EVP_MD_CTX_free");
        s_signInit = (delegate* unmanaged<void*, void**, void*, void*, void*, int>)Find("EVP_DigestSignInit");
        s_sign = (delegate* unmanaged<void*, byte*, nuint*, byte*, nuint, int>)Find("EVP_DigestSign");
        s_verifyInit = (delegate* unmanaged<void*, void**, void*, void*, void*, int>)Find("EVP_DigestVerifyInit");
        s_verify = (delegate* unmanaged<void*, byte*, nuint, byte*, nuint, int>)Find("EVP_DigestVerify");
        s_clearError = (delegate* unmanaged<void>)Find("ERR_clear_error");
        if (!all) return;

        // A build without these curves, or in FIPS mode, has the functions and refuses the keys: ask it once.
        Span<byte> probe = stackalloc byte[KeySize];
        probe.Fill(1);
        IsSupported = TryPublicKey(NidX25519, probe, probe) && TryPublicKey(NidEd25519, probe, probe);

        nint Find(string name)
        {
            all &= NativeLibrary.TryGetExport(library, name, out nint address);
            return address;
        }
    }

    /// <summary>Whether the library and both curves are there. Nothing else may be called where they are not.</summary>
    public static bool IsSupported { get; }

    /// <summary>The X25519 public key of a private key; all spans are 32 bytes.</summary>
    public static bool TryX25519PublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) =>
        TryPublicKey(NidX25519, privateKey, publicKey);

    /// <summary>The Ed25519 public key of a seed; all spans are 32 bytes.</summary>
    public static bool TryEd25519PublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey) =>
        TryPublicKey(NidEd25519, seed, publicKey);

    /// <summary>RFC 7748 section 6.1. False also where the result would be all zero, which OpenSSL refuses itself.</summary>
    public static bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> peerPublicKey, Span<byte> shared)
    {
        void* own = null, peer = null, context = null;
        nuint size = KeySize;
        fixed (byte* secret = privateKey, point = peerPublicKey, result = shared)
        {
            own = s_newPrivate(NidX25519, null, secret, KeySize);
            peer = s_newPublic(NidX25519, null, point, KeySize);
            context = own is null || peer is null ? null : s_contextNew(own, null);
            bool ok = context is not null
                && s_deriveInit(context) == 1 && s_deriveSetPeer(context, peer) == 1
                && s_derive(context, result, &size) == 1 && size == KeySize;
            if (context is not null) s_contextFree(context);
            if (peer is not null) s_keyFree(peer);
            if (own is not null) s_keyFree(own);
            return Cleared(ok);
        }
    }

    /// <summary>RFC 8032 section 5.1.6; <paramref name="signature"/> is 64 bytes.</summary>
    public static bool TryEd25519Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        nuint size = SignatureSize;
        fixed (byte* secret = seed, text = message, result = signature)
        {
            void* key = s_newPrivate(NidEd25519, null, secret, KeySize);
            void* context = key is null ? null : s_digestNew();
            bool ok = context is not null
                && s_signInit(context, null, null, null, key) == 1
                && s_sign(context, result, &size, text, (nuint)message.Length) == 1 && size == SignatureSize;
            if (context is not null) s_digestFree(context);
            if (key is not null) s_keyFree(key);
            return Cleared(ok);
        }
    }

    /// <summary>RFC 8032 section 5.1.7.</summary>
    public static bool Ed25519Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        fixed (byte* point = publicKey, text = message, proof = signature)
        {
            void* key = s_newPublic(NidEd25519, null, point, KeySize);
            void* context = key is null ? null : s_digestNew();
            bool ok = context is not null
                && s_verifyInit(context, null, null, null, key) == 1
                && s_verify(context, proof, (nuint)signature.Length, text, (nuint)message.Length) == 1;
            if (context is not null) s_digestFree(context);
            if (key is not null) s_keyFree(key);
            return Cleared(ok);
        }
    }

    private static bool TryPublicKey(int nid, ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        nuint size = KeySize;
        fixed (byte* secret = privateKey, result = publicKey)
        {
            void* key = s_newPrivate(nid, null, secret, KeySize);
            bool ok = key is not null && s_getPublic(key, result, &size) == 1 && size == KeySize;
            if (key is not null) s_keyFree(key);
            return Cleared(ok);
        }
    }

    private static bool Cleared(bool ok)
    {
        if (!ok) s_clearError();
        return ok;
    }

    private static bool TryLoad(out nint library)
    {
        foreach (string name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out library)) return true;
        }

        library = 0;
        return false;
    }
}
