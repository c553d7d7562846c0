using Microsoft.Extensions.Logging;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Swarms;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>One peer: keeps it connected, tells its grain what it knows, and can cancel the requests of a range.</summary>
internal sealed class PeerLink
{
    private readonly SwarmHolder _swarm;
    private readonly IGrainFactory _grains;
    private readonly PeerLinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop;
    private readonly Lock _lock = new();
    private readonly Dictionary<(ulong ChainId, string RangeId), (long Generation, CancellationTokenSource Source)> _ranges = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private IReadOnlyList<string> _addresses = [];
    private string _problem = "not connected yet";
    private ulong[]? _chains;
    private ulong[] _headerChains = [];
    private string _agent = "";
    private bool _maintaining;
    private bool _telling;
    private bool _stale;
    private int _open;

    public PeerLink(
        PeerKey key, PeerId id, SwarmHolder swarm, IGrainFactory grains, PeerLinkOptions options, TimeProvider time, ILogger log,
        CancellationToken stopping)
    {
        Key = key;
        Id = id;
        _swarm = swarm;
        _grains = grains;
        _options = options;
        _time = time;
        _log = log;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    }

    /// <summary>Requests that have no outcome yet.</summary>
    public int Open => Volatile.Read(ref _open);

    public PeerKey Key { get; }

    public PeerId Id { get; }

    /// <summary>Sets the addresses; dials in the background and again whenever the connection is lost.</summary>
    public void Connect(IReadOnlyList<string> addresses)
    {
        lock (_lock)
        {
            _addresses = [.. addresses];
            if (_maintaining)
            {
                Changed();
                return;
            }

            _maintaining = true;
        }

        Outside.Run(MaintainAsync);
    }

    /// <summary>Stops dialling and cancels every request.</summary>
    public void Stop()
    {
        _stop.Cancel();
        lock (_lock)
        {
            foreach ((long _, CancellationTokenSource source) in _ranges.Values) source.Cancel();
            _ranges.Clear();
        }
    }

    /// <summary>A request begins (1) or has ended (-1).</summary>
    public void Count(int change) => Interlocked.Add(ref _open, change);

    /// <summary>The token that ends the requests of a range.</summary>
    public CancellationToken TokenOf(RangeKey range)
    {
        lock (_lock)
        {
            if (_ranges.TryGetValue((range.ChainId, range.RangeId), out (long Generation, CancellationTokenSource Source) known))
            {
                if (known.Generation == range.Generation) return known.Source.Token;

                // A frozen activation woke up beside its successor, whose requests go on.
                if (known.Generation > range.Generation) return new CancellationToken(canceled: true);
                known.Source.Cancel();
            }

            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            _ranges[(range.ChainId, range.RangeId)] = (range.Generation, source);
            return source.Token;
        }
    }

    /// <summary>Ends the requests of a range up to a generation.</summary>
    public void Cancel(RangeKey range)
    {
        lock (_lock)
        {
            if (!_ranges.TryGetValue((range.ChainId, range.RangeId), out (long Generation, CancellationTokenSource Source) known)
                || known.Generation > range.Generation)
            {
                return;
            }

            _ranges.Remove((range.ChainId, range.RangeId));
            known.Source.Cancel();
        }
    }

    /// <summary>The connection is gone: dial again and tell.</summary>
    public void Lost(string reason)
    {
        _problem = reason;
        if (_wake.CurrentCount == 0) _wake.Release();
        Changed();
    }

    /// <summary>The peer told what it speaks.</summary>
    public void Identified(ulong[] chains, ulong[] headerChains, string agent)
    {
        _chains = chains;
        _headerChains = headerChains;
        _agent = agent;
        Changed();
    }

    /// <summary>Tells the grain the present state; calls that come while one is under way are merged.</summary>
    public void Changed()
    {
        lock (_lock)
        {
            _stale = true;
            if (_telling) return;
            _telling = true;
        }

        Outside.Run(TellAsync);
    }

    private async Task TellAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_stale)
                {
                    _telling = false;
                    return;
                }

                _stale = false;
            }

            bool connected = _swarm.IsReady && _swarm.Value.IsConnected(Id);
            try
            {
                await _grains.GetPeer(Key.Value).LinkChanged(
                    new LinkState(connected, connected ? "" : _problem, _chains is not null, _chains ?? [], _agent, _headerChains)).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Log.DeliveryFailed(_log, nameof(LinkState), 1, e);
                lock (_lock) _stale = !_stop.IsCancellationRequested;
                await Task.Delay(_options.RedialFirst, _time).ConfigureAwait(false);
            }
        }
    }

    private async Task MaintainAsync()
    {
        TimeSpan pause = _options.RedialFirst;
        Random jitter = new(Key.Value.GetHashCode(StringComparison.Ordinal));
        try
        {
            while (true)
            {
                if (_swarm.IsReady && _swarm.Value.IsConnected(Id))
                {
                    Changed();
                    await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
                    pause = _options.RedialFirst;
                    continue;
                }

                if (_swarm.IsReady && await DialAsync().ConfigureAwait(false)) continue;
                Changed();
                TimeSpan wait = pause * (0.75 + (jitter.NextDouble() * 0.5));
                await Task.Delay(_swarm.IsReady ? wait : TimeSpan.FromMilliseconds(20), _time, _stop.Token).ConfigureAwait(false);
                if (_swarm.IsReady) pause = pause * 2 > _options.RedialMax ? _options.RedialMax : pause * 2;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped on purpose.
        }
    }

    private async Task<bool> DialAsync()
    {
        List<Multiaddr> addresses = [];
        foreach (string text in _addresses)
        {
            if (Multiaddr.TryParse(text, out Multiaddr? address)) addresses.Add(address);
        }

        DialResult result;
        try
        {
            result = await _swarm.Value.DialAsync(Id, addresses, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Dialling must go on, whatever one attempt ran into.
            _problem = e.Message;
            Log.DialFailed(_log, Key.Value, _problem);
            return false;
        }

        if (result.IsConnected) return true;
        _problem = Describe(result);
        Log.DialFailed(_log, Key.Value, _problem);
        return false;
    }

    private static string Describe(DialResult result)
    {
        string what = result.Outcome switch
        {
            DialOutcome.Unreachable => "cannot be reached",
            DialOutcome.Timeout => "does not answer in time",
            DialOutcome.WrongPeer => "another peer answers at this address",
            DialOutcome.SecurityFailed => "the secured handshake failed",
            DialOutcome.MuxerFailed => "no common stream muxer",
            DialOutcome.SelfDial => "is this process itself",
            _ => result.Outcome.ToString(),
        };
        return result.Detail is { Length: > 0 } detail ? $"{what} ({detail})" : what;
    }
}
