using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Swarms;

/// <summary>Answer to an accepted socket.</summary>
/// <param name="Refusal">The limit it met; null when it is let in.</param>
/// <param name="Handshake">To be given back to <see cref="ConnectionTable.EndHandshake"/>.</param>
/// <param name="Displaced">A handshake that had its chance and gave way; the caller aborts it.</param>
internal readonly record struct Admission(string? Refusal, Handshake? Handshake, Handshake? Displaced);

/// <summary>All connections of a swarm, and the counts that bound them. Thread-safe.</summary>
internal sealed class ConnectionTable(SwarmOptions options, TimeProvider time) : ILimitSource
{
    /// <summary>What one host or subnet uses; handshakes are included in connections.</summary>
    private readonly record struct Use(int Connections, int Handshakes);

    /// <summary>A subnet with so many times as many connections as the newcomer's,</summary>
    private const int FarLarger = 4;

    /// <summary>and with more than this part of all places, gives up one even if all of them are used.</summary>
    private const int LargePart = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Connection>> _byPeer = [];   // lists from oldest to newest, never empty
    private readonly Dictionary<IPAddress, Use> _byHost = [];             // inbound only, as are the subnets
    private readonly Dictionary<IPAddress, Use> _bySubnet = [];
    private readonly HashSet<PeerId> _protected = [];
    private readonly LinkedList<Handshake> _handshakes = [];              // from oldest to newest
    private readonly HandshakeRates _rates = new(options, time);
    private int _inbound;    // established, as is the next
    private int _outbound;

    /// <summary>Whether a dial could still end in a connection.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
                return _inbound + _outbound < options.ConnectionsMax;
        }
    }

    /// <summary>Decides on an accepted socket before anything is read from it, the cheapest question first.</summary>
    public Admission Admit(Socket socket, IPAddress address)
    {
        lock (_gate)
        {
            IPAddress subnet = AddressScope.Subnet(address);
            if (Exceeded(_byHost.GetValueOrDefault(AddressScope.Host(address)), _bySubnet.GetValueOrDefault(subnet)) is { } limit)
                return new Admission(limit, null, null);
            if (_rates.TryTake(subnet) is { } rate)
                return new Admission(rate, null, null);
            if (IsFull && FindIdle(subnet, SubnetCrowd(subnet) + 1) is null)
                return new Admission(nameof(options.InboundConnectionsMax), null, null);

            // Who is honest is done long before the grace is over: a crowd of half-open connections cannot keep the door.
            Handshake? displaced = null;
            if (_handshakes.Count >= options.HandshakesMax)
            {
                displaced = _handshakes.First!.Value;
                if (time.GetElapsedTime(displaced.StartedAt) < options.HandshakeGrace)
                    return new Admission(nameof(options.HandshakesMax), null, null);
                Uncount(displaced, succeeded: false);
            }
            Handshake handshake = new(socket, address, time.GetTimestamp());
            handshake.Place = _handshakes.AddLast(handshake);
            Change(address, 1, 1);
            return new Admission(null, handshake, displaced);
        }
    }

    /// <summary>The handshake of an admitted socket is over; without success its place is free.</summary>
    public void EndHandshake(Handshake handshake, bool succeeded)
    {
        lock (_gate)
            Uncount(handshake, succeeded);
    }

    /// <summary>Adds a connection. False when there is no room for it.</summary>
    /// <param name="connection">Inbound ones are counted for their address since <see cref="Admit"/>.</param>
    /// <param name="replaced">A connection that gives way: the peer's oldest when it has one too many, or the one of least use
    /// when all places are taken. The caller closes it.</param>
    public bool TryAdd(Connection connection, out Connection? replaced)
    {
        replaced = null;
        lock (_gate)
        {
            bool known = _byPeer.TryGetValue(connection.Info.Peer, out List<Connection>? list);

            // One that gave way before and is still closing frees no second place.
            if (known && list!.Count(static c => c.IsCounted) >= options.ConnectionsPerPeerMax)
            {
                replaced = list!.Find(static c => c.IsCounted);
            }
            else if (connection.Info.IsInbound && IsFull)
            {
                IPAddress subnet = AddressScope.Subnet(connection.Info.RemoteIp);
                replaced = FindIdle(subnet, SubnetCrowd(subnet));   // counted since it was admitted
                if (replaced is null)
                    return false;
            }
            else if (!connection.Info.IsInbound && _inbound + _outbound >= options.ConnectionsMax)
            {
                return false;
            }
            if (replaced is not null)
                Uncount(replaced);
            if (!known)
                _byPeer.Add(connection.Info.Peer, list = []);
            list!.Add(connection);
            if (connection.Info.IsInbound)
                _inbound++;
            else
                _outbound++;
            return true;
        }
    }

    /// <summary>Takes a connection out.</summary>
    public void Remove(Connection connection)
    {
        lock (_gate)
        {
            List<Connection> list = _byPeer[connection.Info.Peer];
            list.Remove(connection);
            if (list.Count == 0)
                _byPeer.Remove(connection.Info.Peer);
            Uncount(connection);
            if (connection.Info.IsInbound)
                Change(connection.Info.RemoteIp, -1, 0);
        }
    }

    /// <summary>A protected peer's connections never give way to strangers.</summary>
    public void Protect(PeerId peer, bool isProtected)
    {
        lock (_gate)
        {
            if (isProtected)
                _protected.Add(peer);
            else
                _protected.Remove(peer);
        }
    }

    /// <summary>The peer's newest connection that is not ending; one with a free stream is preferred.</summary>
    public Connection? Newest(PeerId peer)
    {
        lock (_gate)
        {
            if (!_byPeer.TryGetValue(peer, out List<Connection>? list))
                return null;
            Connection? full = null;
            for (int i = list.Count - 1; i >= 0; i--)
            {
                if (list[i].Session.CanOpen)
                    return list[i];
                if (!list[i].Session.IsClosing)
                    full ??= list[i];
            }
            return full;
        }
    }

    /// <summary>The connections of one peer, or all, as they are now.</summary>
    public List<Connection> Snapshot(PeerId? peer = null)
    {
        lock (_gate)
        {
            if (peer is not null)
                return _byPeer.TryGetValue(peer, out List<Connection>? list) ? [.. list] : [];
            return [.. _byPeer.Values.SelectMany(static list => list)];
        }
    }

    /// <inheritdoc/>
    public IEnumerable<LimitUse> Measure()
    {
        lock (_gate)
        {
            return
            [
                new(nameof(options.ConnectionsMax), _inbound + _outbound, options.ConnectionsMax),
                new(nameof(options.InboundConnectionsMax), _inbound, options.InboundConnectionsMax),
                new(nameof(options.ConnectionsPerAddressMax), Largest(_byHost, static u => u.Connections), options.ConnectionsPerAddressMax),
                new(nameof(options.ConnectionsPerSubnetMax), Largest(_bySubnet, static u => u.Connections), options.ConnectionsPerSubnetMax),
                new(nameof(options.HandshakesMax), _handshakes.Count, options.HandshakesMax),
                new(nameof(options.HandshakesPerAddressMax), Largest(_byHost, static u => u.Handshakes), options.HandshakesPerAddressMax),
                new(nameof(options.HandshakesPerSubnetMax), Largest(_bySubnet, static u => u.Handshakes), options.HandshakesPerSubnetMax),
            ];
        }

        static int Largest(Dictionary<IPAddress, Use> uses, Func<Use, int> count) => uses.Count == 0 ? 0 : uses.Values.Max(count);
    }

    private bool IsFull => _inbound >= options.InboundConnectionsMax || _inbound + _outbound >= options.ConnectionsMax;

    private string? Exceeded(Use host, Use subnet)
    {
        if (host.Connections >= options.ConnectionsPerAddressMax)
            return nameof(options.ConnectionsPerAddressMax);
        if (subnet.Connections >= options.ConnectionsPerSubnetMax)
            return nameof(options.ConnectionsPerSubnetMax);
        if (host.Handshakes >= options.HandshakesPerAddressMax)
            return nameof(options.HandshakesPerAddressMax);
        return subnet.Handshakes >= options.HandshakesPerSubnetMax ? nameof(options.HandshakesPerSubnetMax) : null;
    }

    private int SubnetCrowd(IPAddress subnet) => _bySubnet.GetValueOrDefault(subnet).Connections;

    /// <summary>The inbound connection that would be missed least: of the subnet that has most, and there the one unused longest.
    /// Whoever belongs to a smaller crowd than the newcomer stays: strangers of few subnets can neither keep others out nor, by
    /// coming again and again, put out those who were here before. Use alone keeps no place, since it costs a request now and then:
    /// where all are used, one of a far larger crowd has to go.</summary>
    /// <param name="newcomer">The newcomer's subnet.</param>
    /// <param name="newcomers">Its connections, the newcomer's own included.</param>
    private Connection? FindIdle(IPAddress newcomer, int newcomers)
    {
        Connection? found = null, used = null;
        int crowd = 0, usedCrowd = 0;
        foreach (List<Connection> list in _byPeer.Values)
        {
            foreach (Connection connection in list)
            {
                if (!connection.Info.IsInbound || !connection.IsCounted || _protected.Contains(connection.Info.Peer))
                    continue;
                IPAddress subnet = AddressScope.Subnet(connection.Info.RemoteIp);
                int sameSubnet = subnet.Equals(newcomer) ? newcomers : SubnetCrowd(subnet);
                if (sameSubnet >= FarLarger * newcomers && sameSubnet > options.InboundConnectionsMax / LargePart && (used is null || sameSubnet > usedCrowd))
                    (used, usedCrowd) = (connection, sameSubnet);
                if (sameSubnet < newcomers || connection.IdleTime < (sameSubnet > newcomers ? options.CrowdGrace : options.IdleGrace))
                    continue;
                if (found is null || sameSubnet > crowd || (sameSubnet == crowd && connection.IdleTime > found.IdleTime))
                    (found, crowd) = (connection, sameSubnet);
            }
        }
        return found ?? used;
    }

    private void Uncount(Handshake handshake, bool succeeded)
    {
        if (handshake.Place is not { } place)
            return;
        handshake.Place = null;
        _handshakes.Remove(place);
        Change(handshake.Address, succeeded ? 0 : -1, -1);
    }

    /// <summary>Frees the connection's place, once.</summary>
    private void Uncount(Connection connection)
    {
        if (!connection.IsCounted)
            return;
        connection.IsCounted = false;
        if (connection.Info.IsInbound)
            _inbound--;
        else
            _outbound--;
    }

    private void Change(IPAddress address, int connections, int handshakes)
    {
        Change(_byHost, AddressScope.Host(address), connections, handshakes);
        Change(_bySubnet, AddressScope.Subnet(address), connections, handshakes);
    }

    private static void Change(Dictionary<IPAddress, Use> uses, IPAddress key, int connections, int handshakes)
    {
        Use use = uses.GetValueOrDefault(key);
        use = new Use(use.Connections + connections, use.Handshakes + handshakes);
        if (use == default)
            uses.Remove(key);
        else
            uses[key] = use;
    }
}
