using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Protocols.Identify;

namespace OpSync.Libp2p.Swarms;

/// <summary>Hears of connections. Calls come one at a time, in order, from a task of their own: a slow observer delays later
/// news and nothing else.</summary>
public interface ISwarmObserver
{
    /// <summary>A connection is ready.</summary>
    void Connected(ConnectionInfo connection);

    /// <summary>A connection has ended.</summary>
    /// <param name="connection">Which.</param>
    /// <param name="reason">Why, for people.</param>
    void Disconnected(ConnectionInfo connection, string reason);

    /// <summary>A peer has told, or told anew, what it is and speaks.</summary>
    void Identified(PeerId peer, IdentifyInfo info);
}
