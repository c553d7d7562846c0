using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Swarms;

/// <summary>A stream that a remote opened, at the first byte of its protocol. The swarm owns the stream.</summary>
/// <param name="Stream">Read and write; half-close when done. A handler need not dispose it.</param>
/// <param name="Peer">Who opened it, proven.</param>
/// <param name="RemoteIp">From where.</param>
/// <param name="Protocol">The id agreed on.</param>
/// <param name="Connection">The connection's <see cref="ConnectionInfo.Id"/>.</param>
public readonly record struct InboundStream(Libp2pStream Stream, PeerId Peer, IPAddress RemoteIp, string Protocol, long Connection);
