using System.Net;
using System.Net.Sockets;
using OpSync.Libp2p.Identity;

namespace OpSync.Libp2p.Swarms;

/// <summary>All connections of a swarm, and the counts that bound them. Thread-safe.</summary>
internal sealed class ConnectionTable(SwarmOptions options)
{
    private readonly record struct AddressUse(int Connections, int Handshakes);

    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<Connection>> _byPeer = [];   // lists from oldest to newest, never empty
    private readonly Dictionary<IPAddress, AddressUse> _byAddress = [];   // inbound only, handshakes included in connections
    private int _handshakes;
    private int _inbound;
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

    /// <summary>Counts an accepted socket in, before anything is read from it; null, or the limit it met.</summary>
    public string? Admit(IPAddress address)
    {
        lock (_gate)
        {
            AddressUse use = _byAddress.GetValueOrDefault(Key(address));
            if (_inbound >= options.InboundConnectionsMax || _inbound + _outbound >= options.ConnectionsMax)
                return nameof(options.InboundConnectionsMax);
            if (use.Connections >= options.ConnectionsPerAddressMax)
                return nameof(options.ConnectionsPerAddressMax);
            if (_handshakes >= options.HandshakesMax)
                return nameof(options.HandshakesMax);
            if (use.Handshakes >= options.HandshakesPerAddressMax)
                return nameof(options.HandshakesPerAddressMax);
            _inbound++;
            _handshakes++;
            _byAddress[Key(address)] = new AddressUse(use.Connections + 1, use.Handshakes + 1);
            return null;
        }
    }

    /// <summary>The handshake of an admitted socket is over; without success its place is free.</summary>
    public void EndHandshake(IPAddress address, bool succeeded)
    {
        lock (_gate)
        {
            _handshakes--;
            Change(address, succeeded ? 0 : -1, -1);
            if (!succeeded)
                _inbound--;
        }
    }

    /// <summary>Adds a connection. False when there is no room for a dialled one.</summary>
    /// <param name="connection">Inbound ones are counted since <see cref="Admit"/>.</param>
    /// <param name="replaced">The peer's oldest connection when it has one too many; the caller closes it.</param>
    public bool TryAdd(Connection connection, out Connection? replaced)
    {
        replaced = null;
        lock (_gate)
        {
            if (!connection.Info.IsInbound)
            {
                if (_inbound + _outbound >= options.ConnectionsMax)
                    return false;
                _outbound++;
            }
            if (!_byPeer.TryGetValue(connection.Info.Peer, out List<Connection>? list))
                _byPeer.Add(connection.Info.Peer, list = []);
            if (list.Count >= options.ConnectionsPerPeerMax)
                replaced = list[0];
            list.Add(connection);
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
            if (!connection.Info.IsInbound)
            {
                _outbound--;
                return;
            }
            _inbound--;
            Change(connection.Info.RemoteIp, -1, 0);
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

    private void Change(IPAddress address, int connections, int handshakes)
    {
        IPAddress key = Key(address);
        AddressUse use = _byAddress[key];
        use = new AddressUse(use.Connections + connections, use.Handshakes + handshakes);
        if (use == default)
            _byAddress.Remove(key);
        else
            _byAddress[key] = use;
    }

    /// <summary>One host owns an IPv4 address, but a whole IPv6 /64.</summary>
    private static IPAddress Key(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
