namespace OpSync.Sync.Peers;

/// <summary>A peer as the decisions know it: the canonical base58 text of its peer id. Opaque here.</summary>
/// <param name="Value">Base58 peer id.</param>
public readonly record struct PeerKey(string Value) : IComparable<PeerKey>
{
    /// <summary>Ordinal order of the text.</summary>
    public int CompareTo(PeerKey other) => string.CompareOrdinal(Value, other.Value);

    /// <summary>The base58 text.</summary>
    public override string ToString() => Value;
}
