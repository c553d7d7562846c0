using OpSync.Codec.Primitives;

namespace OpSync.Storage;

/// <summary>What a data directory is bound to for its whole life.</summary>
/// <param name="ChainId">Chain id of the rollup.</param>
/// <param name="GenesisHash">Hash of the L2 genesis block: two devnets may share an id, never this.</param>
public readonly record struct ChainIdentity(ulong ChainId, Hash32 GenesisHash)
{
    /// <summary><c>chain id (genesis 0x...)</c>.</summary>
    public override string ToString() => $"chain {ChainId} (genesis {GenesisHash})";
}
