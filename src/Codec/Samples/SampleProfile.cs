namespace OpSync.Codec.Samples;

/// <summary>Size of the blocks of a <see cref="SampleChain"/>. Sizes are met within a few bytes.</summary>
public enum SampleProfile : byte
{
    /// <summary>30 kB of SSZ, 60 transactions of random lengths, more than 80 % of it incompressible: a busy chain.</summary>
    Default = 0,

    /// <summary>1 kB of SSZ, 2 transactions.</summary>
    Small,

    /// <summary>1 MB of SSZ, 500 transactions.</summary>
    Huge,
}
