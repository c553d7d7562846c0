using System.Net;

namespace OpSync.Libp2p.Swarms;

/// <summary>Shares the streams served at a time: a subnet gets at most a quarter of what is free, a host at most half of what its
/// subnet may still take. The last eighth is for those that have none: with as many streams as there may be connections in it,
/// something is left for each, however many are greedy. Thread-safe.</summary>
internal sealed class StreamShares(int streamsMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _byHost = [];     // bounded by streamsMax, as is the next
    private readonly Dictionary<IPAddress, int> _bySubnet = [];
    private int _count;

    /// <summary>Takes a share for one stream; it is given back with <see cref="Leave"/>.</summary>
    public bool TryEnter(IPAddress address)
    {
        (IPAddress host, IPAddress subnet) = (AddressScope.Host(address), AddressScope.Subnet(address));
        lock (_gate)
        {
            int bySubnet = _bySubnet.GetValueOrDefault(subnet), byHost = _byHost.GetValueOrDefault(host);
            int subnetMax = Math.Max(1, (streamsMax - _count - (streamsMax / 8)) / 4);
            if (_count >= streamsMax || bySubnet >= subnetMax || byHost >= Math.Max(1, (subnetMax - bySubnet) / 2))
                return false;
            _byHost[host] = byHost + 1;
            _bySubnet[subnet] = bySubnet + 1;
            _count++;
            return true;
        }
    }

    /// <summary>Gives a share back.</summary>
    public void Leave(IPAddress address)
    {
        lock (_gate)
        {
            Decrease(_byHost, AddressScope.Host(address));
            Decrease(_bySubnet, AddressScope.Subnet(address));
            _count--;
        }
    }

    private static void Decrease(Dictionary<IPAddress, int> counts, IPAddress key)
    {
        if (--counts[key] == 0)
            counts.Remove(key);
    }
}
