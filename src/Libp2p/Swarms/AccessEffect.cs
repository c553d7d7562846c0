namespace OpSync.Libp2p.Swarms;

/// <summary>What a rule of an <see cref="AccessList"/> does.</summary>
public enum AccessEffect
{
    /// <summary>No connection, in neither direction.</summary>
    Block,

    /// <summary>Connections in spite of a block of the same kind, and in allow-only mode.</summary>
    Allow,
}
