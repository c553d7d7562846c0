using System.Net;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Libp2p.Swarms;

/// <summary>What is known of a connection.</summary>
/// <param name="Id">Unique within the process, rising.</param>
/// <param name="Peer">Who it is, proven.</param>
/// <param name="Address">The remote socket's address, or the one that was dialled.</param>
/// <param name="RemoteIp">The remote socket's IP address.</param>
/// <param name="IsInbound">The remote opened it.</param>
/// <param name="Since">When it was ready.</param>
public sealed record ConnectionInfo(
    long Id, PeerId Peer, Multiaddr Address, IPAddress RemoteIp, bool IsInbound, DateTimeOffset Since);
