namespace OpSync.Codec.Primitives;

/// <summary>A block named by its number and its hash.</summary>
/// <param name="Number">Height of the block.</param>
/// <param name="Hash">Block hash.</param>
public readonly record struct BlockId(ulong Number, Hash32 Hash)
{
    /// <summary><c>number:0xhash</c>, the form the command line takes.</summary>
    public override string ToString() => $"{Number}:{Hash}";
}
