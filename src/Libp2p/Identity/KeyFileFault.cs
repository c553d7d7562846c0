namespace OpSync.Libp2p.Identity;

/// <summary>Why a key file gave no identity.</summary>
public enum KeyFileFault
{
    /// <summary>It did give one.</summary>
    None,

    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>It could not be read: permissions, a directory, a failing disk, or longer than any key.</summary>
    Unreadable,

    /// <summary>It is neither 64 hex digits nor a base64 private key message, or its numbers are no key.</summary>
    Malformed,

    /// <summary>It holds a key of a kind that cannot be an identity here: RSA or ECDSA.</summary>
    UnsupportedType,
}
