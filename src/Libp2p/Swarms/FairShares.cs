using System.Net;

namespace OpSync.Libp2p.Swarms;

/// <summary>Shares a bounded amount of anything: a subnet gets at most a quarter of what is free, a host at most half of what its
/// subnet may still take. The last eighth is for those that have nothing, so that something is left for the next, however many are
/// greedy. Who has nothing gets at least one piece while there is room at all. Thread-safe.</summary>
/// <param name="capacity">What there is.</param>
public sealed class FairShares(long capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, long> _byHost = [];     // both bounded by the pieces that are out
    private readonly Dictionary<IPAddress, long> _bySubnet = [];
    private long _used;

    /// <summary>What there is.</summary>
    public long Capacity => capacity;

    /// <summary>What is taken now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes an amount for an address; it is given back with <see cref="Return"/>.</summary>
    public bool TryTake(IPAddress address, long amount)
    {
        (IPAddress host, IPAddress subnet) = (AddressScope.Host(address), AddressScope.Subnet(address));
        lock (_gate)
        {
            long bySubnet = _bySubnet.GetValueOrDefault(subnet), byHost = _byHost.GetValueOrDefault(host);
            long subnetMax = (capacity - _used - (capacity / 8)) / 4;
            if (_used + amount > capacity
                || (bySubnet > 0 && bySubnet + amount > subnetMax)
                || (byHost > 0 && byHost + amount > (subnetMax - bySubnet) / 2))
            {
                return false;
            }
            _byHost[host] = byHost + amount;
            _bySubnet[subnet] = bySubnet + amount;
            _used += amount;
            return true;
        }
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(IPAddress address, long amount)
    {
        lock (_gate)
        {
            Decrease(_byHost, AddressScope.Host(address), amount);
            Decrease(_bySubnet, AddressScope.Subnet(address), amount);
            _used -= amount;
        }
    }

    private static void Decrease(Dictionary<IPAddress, long> amounts, IPAddress key, long amount)
    {
        if ((amounts[key] -= amount) == 0)
            amounts.Remove(key);
    }
}
