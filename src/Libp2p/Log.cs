using System.Net;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;

namespace OpSync.Libp2p;

/// <summary>Messages of this project: event ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information, "Listening on {Address}")]
    public static partial void Listening(ILogger logger, Multiaddr address);

    [LoggerMessage(2001, LogLevel.Debug, "Connected to {Peer} at {Address}, inbound: {IsInbound}")]
    public static partial void Connected(ILogger logger, PeerId peer, Multiaddr address, bool isInbound);

    [LoggerMessage(2002, LogLevel.Debug, "Connection to {Peer} at {Address} ended: {Reason}")]
    public static partial void Disconnected(ILogger logger, PeerId peer, Multiaddr address, string reason);

    [LoggerMessage(2003, LogLevel.Debug, "Inbound connection from {Address} refused: {Reason}")]
    public static partial void InboundRefused(ILogger logger, IPAddress address, string reason);

    [LoggerMessage(2004, LogLevel.Error, "Handler of {Protocol} failed")]
    public static partial void HandlerFailed(ILogger logger, string protocol, Exception exception);

    [LoggerMessage(2005, LogLevel.Error, "Observer failed")]
    public static partial void ObserverFailed(ILogger logger, Exception exception);

    [LoggerMessage(2006, LogLevel.Warning, "Accepting on {Address} failed, tried again after a pause: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, Multiaddr address, string reason);

    [LoggerMessage(2007, LogLevel.Warning, "Some handlers were still running when the swarm was disposed: {Count}")]
    public static partial void HandlersLeft(ILogger logger, int count);

    [LoggerMessage(2008, LogLevel.Critical, "A listener or connection of the swarm failed")]
    public static partial void WorkFailed(ILogger logger, Exception exception);

    [LoggerMessage(2009, LogLevel.Warning, "The list of who may connect is full with {Rules} rules: those that end first give way to new ones, and some bans end early")]
    public static partial void AccessListFull(ILogger logger, int rules);
}
