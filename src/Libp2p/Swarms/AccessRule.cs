using System.Net;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Swarms;

/// <summary>One rule of an <see cref="AccessList"/>: about a peer or about a network, never both.</summary>
/// <param name="Effect">What it does.</param>
/// <param name="Peer">The peer it is about, or null.</param>
/// <param name="Network">The network it is about, or null. One address is a network of its full length.</param>
/// <param name="Until">When it ends; null means when it is taken back.</param>
public sealed record AccessRule(AccessEffect Effect, PeerId? Peer, IPNetwork? Network, DateTimeOffset? Until);
