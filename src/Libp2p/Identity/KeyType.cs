namespace OpSync.Libp2p.Identity;

/// <summary>Kind of an identity key, with the numbers of the libp2p peer-ids spec.</summary>
public enum KeyType
{
    /// <summary>RSA, PKCS #1 v1.5 signatures over SHA-256. Verified, never created here.</summary>
    Rsa = 0,

    /// <summary>Ed25519, RFC 8032.</summary>
    Ed25519 = 1,

    /// <summary>ECDSA over secp256k1 and SHA-256: op-node's kind, and the default.</summary>
    Secp256k1 = 2,

    /// <summary>ECDSA over a NIST curve and SHA-256. Verified, never created here.</summary>
    Ecdsa = 3,
}
