using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Protocols.Ping;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>The process's libp2p node: dials, listens, keeps connections and their limits, opens and serves streams.</summary>
/// <remarks>Thread-safe. Nothing a remote does throws out of here: each failure is an outcome. Identify and ping are built in.</remarks>
public sealed class Swarm : IAsyncDisposable, ILimitSource
{
    private const string ForbiddenReason = "not allowed";

    /// <summary>Interfaces come and go, but rarely.</summary>
    private static readonly TimeSpan AddressesGoodFor = TimeSpan.FromSeconds(10);

    private sealed record SeenAddresses(IReadOnlyList<SwarmListener> Listeners, IReadOnlyList<Multiaddr> Addresses, long At);

    private readonly SwarmOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly WorkTracker _work = new();
    private readonly Lock _gate = new();
    private readonly ConnectionTable _table;
    private readonly Upgrader _upgrader;
    private readonly SwarmDialer _dialer;
    private readonly StreamServer _server;
    private readonly IdentifyService _identify;
    private readonly SwarmEvents _events;
    private IReadOnlyList<SwarmListener> _listeners = [];
    private SeenAddresses? _seen;
    private long _lastConnection;
    private Task? _disposed;

    /// <summary>Makes a swarm that neither listens nor dials yet.</summary>
    /// <param name="options">Limits and names.</param>
    /// <param name="identity">Who we are; stays the caller's.</param>
    /// <param name="logger">Where changes of state go.</param>
    /// <param name="time">Clock of all deadlines.</param>
    /// <param name="observer">Hears of connections, if given.</param>
    /// <param name="access">Who may be connected; without it, all until <see cref="Access"/> gets a rule.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Swarm(
        SwarmOptions options, PeerIdentity identity, ILogger logger, TimeProvider time, ISwarmObserver? observer = null, AccessList? access = null)
    {
        options.Validate();
        _options = options;
        _logger = logger;
        _time = time;
        LocalPeer = identity.Id;
        _table = new ConnectionTable(options, time);
        _upgrader = new Upgrader(options, identity, time);
        _dialer = new SwarmDialer(this, options, _upgrader, time, _work, _stop.Token);
        _server = new StreamServer(options, logger, time);
        _events = new SwarmEvents(observer, logger);
        _identify = new IdentifyService(this, options, identity.PublicKey, _events, time);
        Handle(IdentifyService.ProtocolId, _identify.ServeAsync);
        Handle(IdentifyService.PushProtocolId, _identify.ReceivePushAsync);
        Handle(PingProtocol.ProtocolId, new PingProtocol(time).ServeAsync);
        Access = access ?? new AccessList(time);
        Access.Narrowed += CloseForbidden;
        LimitMetrics.Register(this);
    }

    /// <summary>The clock of the swarm and of the protocols that run on it.</summary>
    public TimeProvider Time => _time;

    /// <summary>Our own id.</summary>
    public PeerId LocalPeer { get; }

    /// <summary>Protocol version that identify tells, as every libp2p host does.</summary>
    public const string ProtocolVersion = "ipfs/0.1.0";

    /// <summary>User agent that identify tells.</summary>
    public string AgentVersion => _options.AgentVersion;

    /// <summary>Where others find us, with our peer id. A socket that listens on all interfaces gives one address for each.</summary>
    /// <remarks>Looking at the interfaces costs milliseconds, and whoever connects asks for it: what was seen is good for a while.</remarks>
    public IReadOnlyList<Multiaddr> ListenAddresses
    {
        get
        {
            IReadOnlyList<SwarmListener> listeners = Volatile.Read(ref _listeners);
            if (Volatile.Read(ref _seen) is { } seen && seen.Listeners == listeners && _time.GetElapsedTime(seen.At) < AddressesGoodFor)
                return seen.Addresses;
            Multiaddr[] addresses = [.. listeners.SelectMany(static l => LocalAddresses.Of(l.EndPoint)).Select(a => a.WithPeerId(LocalPeer))];
            Volatile.Write(ref _seen, new SeenAddresses(listeners, addresses, _time.GetTimestamp()));
            return addresses;
        }
    }

    /// <summary>Protocols served now.</summary>
    public IReadOnlyCollection<string> Protocols => _server.Protocols;

    /// <summary>The connections as they are now.</summary>
    public IReadOnlyList<ConnectionInfo> Connections => [.. _table.Snapshot().Select(static c => c.Info)];

    /// <summary>Who may be connected. Asked before anything is read of an inbound connection, before a dial, and once the peer is
    /// known; what a new rule keeps out is closed at once.</summary>
    public AccessList Access { get; }

    /// <summary>Listens on an ip4 or ip6 address with a TCP port; port 0 lets the system choose.</summary>
    /// <exception cref="ArgumentException">The address names no IP address and port.</exception>
    /// <exception cref="IOException">The address is in use or not ours; the message names it.</exception>
    public ValueTask ListenAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (address is not { IpAddress: { } ip, TcpPort: { } port })
            throw new ArgumentException($"Cannot listen on {address}: an IP address and a TCP port are needed.", nameof(address));
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);

        TcpAcceptor acceptor;
        try
        {
            acceptor = new TcpAcceptor(new IPEndPoint(ip, port), _options.ListenBacklog);
        }
        catch (SocketException e)
        {
            throw new IOException($"Cannot listen on {address}: {e.Message}.", e);
        }

        var listener = new SwarmListener(this, acceptor, _table, _upgrader, _options, _logger, _time);
        lock (_gate)
            _listeners = [.. _listeners, listener];
        _ = TrackAsync(listener.RunAsync(_work, _stop.Token));
        Log.Listening(_logger, Multiaddr.FromEndPoint(acceptor.EndPoint).WithPeerId(LocalPeer));
        return default;
    }

    /// <summary>Serves a protocol from now on, also on connections that are there. A second handler replaces the first.</summary>
    public void Handle(string protocolId, ProtocolHandler handler) => _server.Handle(protocolId, handler);

    /// <summary>Connects to a peer, or gives the connection that is there, or waits for a dial of the peer under way.</summary>
    /// <param name="expected">Who has to prove to be there. Null takes the id in each address, or anybody where there is none.</param>
    /// <param name="addresses">Tried in turn within <see cref="SwarmOptions.DialTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait; a dial that others wait for as well goes on.</param>
    public ValueTask<DialResult> DialAsync(PeerId? expected, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        if (expected is null && addresses.Count > 0 && addresses[0].PeerId is { } named && addresses.All(a => a.PeerId == named))
            expected = named;
        if (expected == LocalPeer)
            return ValueTask.FromResult(new DialResult(DialOutcome.SelfDial, null, "that is our own id"));
        if (expected is not null && _table.Newest(expected) is { } connection)
            return ValueTask.FromResult(new DialResult(DialOutcome.Connected, connection.Info, null));
        if (!_table.HasRoom)
            return ValueTask.FromResult(new DialResult(DialOutcome.LimitReached, null, nameof(_options.ConnectionsMax)));
        return _dialer.DialAsync(expected, addresses, cancellationToken);
    }

    /// <summary>Opens a stream on the peer's newest connection; does not dial.</summary>
    /// <remarks>A protocol of the list that the peer is known to speak is not negotiated again: the proposal travels with the
    /// first write, and the first read checks the answer (<see cref="OptimisticStream"/>). Write before reading.</remarks>
    /// <param name="peer">Who.</param>
    /// <param name="protocols">In order of preference.</param>
    /// <param name="cancellationToken">Ends the negotiation.</param>
    public ValueTask<OpenResult> OpenStreamAsync(PeerId peer, IReadOnlyList<string> protocols, CancellationToken cancellationToken) =>
        OpenStreamAsync(peer, protocols, optimistic: true, cancellationToken);

    /// <summary>Whether there is a connection to the peer.</summary>
    public bool IsConnected(PeerId peer) => _table.Newest(peer) is not null;

    /// <summary>Round trip to the peer by the muxer's keep-alive; null before the first answer.</summary>
    public TimeSpan? RoundTrip(PeerId peer) => _table.Newest(peer)?.Session.RoundTrip;

    /// <summary>Keeps the peer's connections when strangers need places, or no longer. For peers that the configuration names.</summary>
    public void Protect(PeerId peer, bool isProtected = true) => _table.Protect(peer, isProtected);

    /// <summary>Closes all connections to the peer.</summary>
    public void Disconnect(PeerId peer, string reason)
    {
        foreach (Connection connection in _table.Snapshot(peer))
            connection.Close(reason);
    }

    /// <summary>Stops listening, lets running handlers finish for <see cref="SwarmOptions.DrainTimeout"/>, then closes all
    /// connections.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed ??= StopAsync();
        await _disposed;
    }

    /// <summary>Takes an upgraded connection in and runs it, or closes its session.</summary>
    internal async ValueTask<DialResult> AttachAsync(Upgraded upgraded, Multiaddr address, IPAddress ip, bool isInbound)
    {
        (YamuxSession session, PeerId remote) = (upgraded.Session!, upgraded.Remote!);
        DialOutcome outcome = DialOutcome.Connected;
        Connection? connection = null, replaced = null;
        if (remote == LocalPeer)
            outcome = DialOutcome.SelfDial;
        else if (!Access.IsAllowed(remote, ip))
            outcome = DialOutcome.Forbidden;
        else
        {
            var info = new ConnectionInfo(
                Interlocked.Increment(ref _lastConnection), remote, address, ip, isInbound, _time.GetUtcNow());
            connection = new Connection(info, session, _time);
            if (!_table.TryAdd(connection, out replaced))
            {
                outcome = DialOutcome.LimitReached;
                LimitMetrics.Refused(isInbound ? nameof(_options.InboundConnectionsMax) : nameof(_options.ConnectionsMax));
            }
        }
        if (outcome != DialOutcome.Connected)
        {
            await session.DisposeAsync();
            return new DialResult(outcome, null, $"{ip}: {outcome}");
        }

        if (replaced is not null)
        {
            bool isSamePeer = replaced.Info.Peer == remote;
            LimitMetrics.Refused(isSamePeer ? nameof(_options.ConnectionsPerPeerMax) : nameof(_options.InboundConnectionsMax));
            replaced.Close(isSamePeer ? "replaced by a newer connection" : "its place was needed");
        }
        if (_stop.IsCancellationRequested)
            connection!.Close("shutting down");   // closed here, since the stop may not have seen it
        else if (!Access.IsAllowed(remote, ip))
            connection!.Close(ForbiddenReason);   // likewise: blocked between the first question and the table
        _ = TrackAsync(RunConnectionAsync(connection!));
        return new DialResult(DialOutcome.Connected, connection!.Info, null);
    }

    /// <summary>Opens a stream, optimistically where asked and possible.</summary>
    internal ValueTask<OpenResult> OpenStreamAsync(
        PeerId peer, IReadOnlyList<string> protocols, bool optimistic, CancellationToken cancellationToken) =>
        _table.Newest(peer) is { } connection
            ? OpenStreamAsync(connection, protocols, optimistic, cancellationToken)
            : ValueTask.FromResult(new OpenResult(OpenOutcome.NotConnected, null, null));

    /// <summary>Opens a stream on one connection.</summary>
    internal ValueTask<OpenResult> OpenStreamAsync(
        Connection connection, IReadOnlyList<string> protocols, bool optimistic, CancellationToken cancellationToken)
    {
        if (connection.Session.TryOpen() is not { } stream)
        {
            return ValueTask.FromResult(new OpenResult(
                connection.Session.IsClosing ? OpenOutcome.NotConnected : OpenOutcome.LimitReached, null, null));
        }
        return optimistic && connection.FirstSpoken(protocols) is { } known
            ? ValueTask.FromResult(new OpenResult(OpenOutcome.Opened, new OptimisticStream(stream, known), known))
            : NegotiateAsync(connection, stream, protocols, cancellationToken);
    }

    /// <summary>The peer refused a protocol it was thought to speak.</summary>
    internal void Forget(PeerId peer, string protocol)
    {
        foreach (Connection connection in _table.Snapshot(peer))
            connection.Learn(protocol, speaks: false);
    }

    /// <summary>A connection by its id.</summary>
    internal Connection? Find(PeerId peer, long id) => _table.Snapshot(peer).Find(c => c.Info.Id == id);

    private async ValueTask<OpenResult> NegotiateAsync(
        Connection connection, Libp2pStream stream, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(_options.NegotiateTimeout, _time, cancellationToken);
        OpenOutcome outcome = OpenOutcome.Timeout;
        try
        {
            MultistreamResult result = await MultistreamSelect.DialAsync(stream, protocols, deadline.Token);
            if (result.IsSelected)
            {
                connection.Learn(result.Protocol!, speaks: true);
                outcome = OpenOutcome.Opened;
                return new OpenResult(outcome, stream, result.Protocol);
            }
            outcome = result.Verdict == MultistreamVerdict.Refused ? OpenOutcome.Unsupported : OpenOutcome.Failed;
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            // Told as a timeout.
        }
        finally
        {
            if (outcome != OpenOutcome.Opened)
                await stream.DisposeAsync();
        }
        return new OpenResult(outcome, null, null);
    }

    private async Task RunConnectionAsync(Connection connection)
    {
        ConnectionInfo info = connection.Info;
        SwarmMetrics.Opened(info.IsInbound);
        Log.Connected(_logger, info.Peer, info.Address, info.IsInbound);
        await _events.PostAsync(observer => observer.Connected(info));
        Task identify = _identify.AskAsync(connection);
        YamuxEnd end = YamuxEnd.None;
        try
        {
            while (await connection.Session.AcceptAsync(CancellationToken.None) is { } stream)
                _server.Start(connection, stream);
            end = await connection.Session.Completion;
        }
        finally
        {
            connection.MarkEnded();
            _table.Remove(connection);
        }
        await identify;

        string reason = connection.ReasonOf(end);
        SwarmMetrics.Closed(end);
        Log.Disconnected(_logger, info.Peer, info.Address, reason);
        await _events.PostAsync(observer => observer.Disconnected(info, reason));
    }

    private async Task TrackAsync(Task task)
    {
        _work.Enter();
        try
        {
            await task;
        }
#pragma warning disable CA1031 // nobody awaits this work: a bug in it, or in the gate, has to be seen
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.WorkFailed(_logger, e);
        }
        finally
        {
            _work.Exit();
        }
    }

    IEnumerable<LimitUse> ILimitSource.Measure() =>
    [
        .. _table.Measure(),
        new(nameof(_options.InboundStreamsTotalMax), _server.Running.Count, _options.InboundStreamsTotalMax),
        new(nameof(_options.BufferedBytesTotalMax), _upgrader.Buffered.Own, _options.BufferedBytesTotalMax),
        new(nameof(_options.InboundBufferedBytesTotalMax), _upgrader.Buffered.Inbound, _options.InboundBufferedBytesTotalMax),
        new(nameof(_options.DialsMax), _dialer.Count, _options.DialsMax),
    ];

    private void CloseForbidden()
    {
        foreach (Connection connection in _table.Snapshot())
        {
            if (!Access.IsAllowed(connection.Info.Peer, connection.Info.RemoteIp))
                connection.Close(ForbiddenReason);
        }
    }

    private async Task StopAsync()
    {
        Access.Narrowed -= CloseForbidden;
        LimitMetrics.Unregister(this);
        await _stop.CancelAsync();
        List<Connection> connections = _table.Snapshot();
        foreach (Connection connection in connections)
            connection.Session.StopAccepting();
        await WaitAsync(_server.Running, _options.DrainTimeout);
        foreach (Connection connection in _table.Snapshot())
            connection.Close("shutting down");
        await _work.WhenIdleAsync();   // sessions end within YamuxOptions.CloseTimeout
        if (!await WaitAsync(_server.Running, _options.DrainTimeout))
            Log.HandlersLeft(_logger, _server.Running.Count);
        await _events.CompleteAsync();
    }

    private async ValueTask<bool> WaitAsync(WorkTracker work, TimeSpan limit)
    {
        try
        {
            await work.WhenIdleAsync().WaitAsync(limit, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
