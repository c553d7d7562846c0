using System.Runtime.Intrinsics.X86;

namespace OpSync.Codec.Keccak;

/// <summary>How many messages the batch hasher advances at once, and with which instructions.</summary>
public enum KeccakBackend : byte
{
    /// <summary>The widest one this processor supports.</summary>
    Auto = 0,

    /// <summary>One message, 64-bit integer instructions. Works everywhere.</summary>
    Scalar = 1,

    /// <summary>Four messages in 256-bit vectors.</summary>
    Avx2 = 2,

    /// <summary>Eight messages in 512-bit vectors with rotate and three-input logic instructions.</summary>
    Avx512 = 3,
}

/// <summary>What this processor can run.</summary>
public static class KeccakBackends
{
    /// <summary>The backend that <see cref="KeccakBackend.Auto"/> stands for here.</summary>
    public static KeccakBackend Best =>
        Avx512F.IsSupported ? KeccakBackend.Avx512 : Avx2.IsSupported ? KeccakBackend.Avx2 : KeccakBackend.Scalar;

    /// <summary>True when the backend can be used on this processor.</summary>
    public static bool IsSupported(KeccakBackend backend) => backend switch
    {
        KeccakBackend.Auto or KeccakBackend.Scalar => true,
        KeccakBackend.Avx2 => Avx2.IsSupported,
        KeccakBackend.Avx512 => Avx512F.IsSupported,
        _ => false,
    };
}
