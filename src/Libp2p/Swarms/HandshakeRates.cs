using System.Net;
using OpSync.Libp2p.Yamux;

namespace OpSync.Libp2p.Swarms;

/// <summary>How many handshakes may begin: they are the dearest thing a stranger can ask for. Not thread-safe.</summary>
internal sealed class HandshakeRates(SwarmOptions options, TimeProvider time)
{
    /// <summary>Subnets remembered in each of two generations; when the younger is full, the elder is forgotten.</summary>
    private const int SubnetsMax = 4_096;

    private sealed class Rate(SwarmOptions options, TimeProvider time)
    {
        private TokenMeter _meter = new(options.HandshakeBurstPerSubnet, options.HandshakeRatePerSubnet, time);

        public bool TryTake() => _meter.TryTake(1);
    }

    private TokenMeter _all = new(options.HandshakeBurst, options.HandshakeRate, time);
    private Dictionary<IPAddress, Rate> _young = [];
    private Dictionary<IPAddress, Rate> _old = [];

    /// <summary>Null when one may begin, or the limit it met.</summary>
    public string? TryTake(IPAddress subnet)
    {
        if (!_young.TryGetValue(subnet, out Rate? rate))
        {
            if (!_old.TryGetValue(subnet, out rate))
                rate = new Rate(options, time);
            if (_young.Count >= SubnetsMax)
                (_old, _young) = (_young, []);
            _young.Add(subnet, rate);
        }
        if (!rate.TryTake())
            return nameof(options.HandshakeRatePerSubnet);
        return _all.TryTake(1) ? null : nameof(options.HandshakeRate);
    }
}
