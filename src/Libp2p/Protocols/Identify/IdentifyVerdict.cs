namespace OpSync.Libp2p.Protocols.Identify;

/// <summary>What became of an identify message.</summary>
public enum IdentifyVerdict
{
    /// <summary>Read.</summary>
    Ok,

    /// <summary>Nothing whole was sent.</summary>
    Empty,

    /// <summary>More than <see cref="IdentifyMessage.SizeMax"/> bytes or <see cref="IdentifyMessage.PartsMax"/> parts.</summary>
    TooLarge,

    /// <summary>No valid protobuf.</summary>
    Malformed,

    /// <summary>The key in it is not the one the connection proved.</summary>
    WrongKey,
}
