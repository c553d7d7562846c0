using System.Net;
using Microsoft.Extensions.Logging;
using OpSync.Codec.Bulk;
using OpSync.Codec.OpStack;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multiaddrs;
using OpSync.Libp2p.Protocols.Identify;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Libp2p.Swarms;
using OpSync.Silo.Chains;
using OpSync.Silo.Fetching;
using OpSync.Sync.Peers;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Peering;

/// <summary>One peer: keeps it connected, tells its grain what it knows, and can cancel the requests of a range.</summary>
internal sealed class PeerLink : IFetchSource
{
    /// <summary>Ranges whose requests can be cancelled together. One more takes the place of the one that asked longest ago, whose
    /// requests end: usually it is long over, and nobody said so.</summary>
    public const int RangesMax = 256;

    private readonly SwarmHolder _swarm;
    private readonly ChainRegistry _chainsServed;
    private readonly IGrainFactory _grains;
    private readonly PeerEpochs _epochs;
    private readonly OwnPeers _own;
    private readonly Action<PeerLink> _superseded;
    private readonly PeerLinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;   // outlives its source
    private readonly Lock _lock = new();
    private readonly Dictionary<(ulong ChainId, string RangeId), AskingRange> _ranges = [];
    private long _asks;
    private int _stops;
    private TaskCompletionSource _wake = NewSignal();
    private IReadOnlyList<string> _addresses = [];
    private string _problem = "not connected yet";
    private ulong[]? _chains;
    private ulong[] _headerChains = [];
    private ulong[] _spanChains = [];
    private string _agent = "";
    private bool _mayGrantMore;
    private bool _maintaining;
    private bool _telling;
    private bool _stale;
    private long _epoch;
    private int _open;
    private int _late;

    public PeerLink(
        PeerKey key, PeerId id, SwarmHolder swarm, ChainRegistry chains, IGrainFactory grains, PeerEpochs epochs, OwnPeers own, Action<PeerLink> superseded,
        PeerLinkOptions options, TimeProvider time, ILogger log, CancellationToken stopping)
    {
        Key = key;
        Id = id;
        _swarm = swarm;
        _chainsServed = chains;
        _grains = grains;
        _epochs = epochs;
        _own = own;
        _superseded = superseded;
        _options = options;
        _time = time;
        _log = log;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        _stopped = _stop.Token;
    }

    private sealed record AskingRange(long Generation, CancellationTokenSource Source)
    {
        public long AskedAt { get; set; }
    }

    /// <summary>Requests that have no outcome yet.</summary>
    public int Open => Volatile.Read(ref _open);

    public PeerKey Key { get; }

    public PeerId Id { get; }

    /// <summary>Epoch of the activation that commands this link.</summary>
    public long Epoch
    {
        get => Interlocked.Read(ref _epoch);
        set => Interlocked.Exchange(ref _epoch, value);
    }

    /// <summary>What the peer told of itself on the connection, or null.</summary>
    public IdentifyInfo? Told { get; set; }

    /// <summary>IP addresses among those it can be dialled at; names are not resolved.</summary>
    public IEnumerable<IPAddress> KnownAddresses
    {
        get
        {
            foreach (string text in Volatile.Read(ref _addresses))
            {
                if (Multiaddr.TryParse(text, out Multiaddr? address) && address.IpAddress is { } ip) yield return ip;
            }
        }
    }

    /// <summary>Sets the addresses, new ones first; dials in the background and again whenever the connection is lost. A new address
    /// is tried at once, however long the pause after the old ones would be.</summary>
    public void Connect(IReadOnlyList<string> addresses)
    {
        bool news;
        lock (_lock)
        {
            string[] unknown = [.. addresses.Except(_addresses)];
            news = unknown.Length > 0;
            Volatile.Write(ref _addresses, [.. unknown, .. addresses.Except(unknown)]);
            if (_maintaining) Changed();
            else if (!_stopped.IsCancellationRequested) Outside.Run(MaintainAsync);
            _maintaining = true;
        }

        if (news) Wake();
    }

    /// <summary>Stops dialling and cancels every request. Idempotent.</summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _stops, 1) != 0) return;
        _stop.Cancel();
        _stop.Dispose();
        CancellationTokenSource[] sources;
        lock (_lock)
        {
            if (_swarm.IsReady) _swarm.Value.Protect(Id, isProtected: false);
            sources = [.. _ranges.Values.Select(r => r.Source)];
            _ranges.Clear();
        }

        foreach (CancellationTokenSource source in sources) source.Dispose();
    }

    /// <summary>A request begins (1) or has ended (-1).</summary>
    public void Count(int change) => Interlocked.Add(ref _open, change);

    /// <summary>The token that ends the requests of a range.</summary>
    public CancellationToken TokenOf(RangeKey range)
    {
        CancellationTokenSource? former;
        CancellationToken token;
        lock (_lock)
        {
            if (_stopped.IsCancellationRequested) return _stopped;
            AskingRange? known = _ranges.GetValueOrDefault((range.ChainId, range.RangeId));

            // A frozen activation woke up beside its successor, whose requests go on.
            if (known?.Generation > range.Generation) return new CancellationToken(canceled: true);
            former = known is null && _ranges.Count >= RangesMax ? TakeOldest() : null;
            if (known?.Generation != range.Generation)
            {
                former ??= known?.Source;
                known = new AskingRange(range.Generation, CancellationTokenSource.CreateLinkedTokenSource(_stopped));
                _ranges[(range.ChainId, range.RangeId)] = known;
            }

            known.AskedAt = ++_asks;
            token = known.Source.Token;
        }

        End(former);
        return token;
    }

    /// <summary>Ends the requests of a range up to a generation.</summary>
    public void Cancel(RangeKey range)
    {
        AskingRange? known;
        lock (_lock)
        {
            known = _ranges.GetValueOrDefault((range.ChainId, range.RangeId));
            if (known is null || known.Generation > range.Generation) return;
            _ranges.Remove((range.ChainId, range.RangeId));
        }

        End(known.Source);
    }

    /// <inheritdoc/>
    public bool TryBeginLate()
    {
        if (Interlocked.Increment(ref _late) <= _options.LateMax) return true;
        EndLate();
        return false;
    }

    /// <inheritdoc/>
    public void EndLate() => Interlocked.Decrement(ref _late);

    /// <inheritdoc/>
    public ValueTask<ExchangeResult> RequestAsync(RangeKey range, AskItem item, ReadReservation reservation, CancellationToken cancellationToken)
    {
        byte[] request = new byte[PayloadByNumber.RequestSize];
        PayloadByNumber.WriteRequest(item.Number, request);
        ExchangeLimits limits = Limits(reservation) with { ResponseSizeMax = PayloadByNumber.SizeMax, ExpectedSize = item.SizeExpected };
        return Exchange.RequestAsync(_swarm.Value, Id, _chainsServed.Get(range.ChainId).Protocols, request, limits, cancellationToken);
    }

    /// <summary>Whether it said that it gives consecutive blocks in one answer.</summary>
    public bool GivesSpans(ulong chainId) => Array.IndexOf(_spanChains, chainId) >= 0;

    /// <inheritdoc/>
    public ISpanAnswer RequestSpan(RangeKey range, ulong first, int count, int bytesMax, ReadReservation reservation, CancellationToken cancellationToken) =>
        new SpanAnswer(
            new ExchangeStream(_swarm.Value, Id, BulkProtocols.Payloads(range.ChainId), Limits(reservation), cancellationToken),
            new PayloadsRequest(first, first + (ulong)count - 1, bytesMax), Key.Value, _log);

    /// <summary>The connection is gone: dial again and tell.</summary>
    public void Lost(string reason)
    {
        _problem = reason;
        Wake();
        Changed();
    }

    /// <summary>The peer told what it speaks.</summary>
    public void Identified(ulong[] chains, ulong[] headerChains, ulong[] spanChains, string agent, bool mayGrantMore)
    {
        _chains = chains;
        _headerChains = headerChains;
        _spanChains = spanChains;
        _agent = agent;
        _mayGrantMore = mayGrantMore;
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

    private ExchangeLimits Limits(ReadReservation reservation) => new()
    {
        OpenTimeout = _options.OpenTimeout,
        WriteTimeout = _options.WriteTimeout,
        ReadTimeout = _options.ReadTimeout,
        Budget = reservation,
    };

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
                long epoch = await _grains.GetPeer(Key.Value).LinkChanged(
                    new LinkState(connected, connected ? "" : _problem, _chains is not null, _chains ?? [], _agent, _mayGrantMore, _headerChains), Epoch)
                    .ConfigureAwait(false);
                if (epoch > Epoch)
                {
                    // The peer's grain is on another silo now, which asks it from there.
                    _epochs.Hear(Key, epoch);
                    _superseded(this);
                }
            }
            catch (Exception e)
            {
                Log.DeliveryFailed(_log, nameof(LinkState), 1, e);
                lock (_lock) _stale = !_stopped.IsCancellationRequested;
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
                // Taken before anything is looked at: what changes from here on ends the wait below.
                Task wake = Volatile.Read(ref _wake).Task;
                if (_swarm.IsReady) Protect();
                if (_swarm.IsReady && _swarm.Value.IsConnected(Id))
                {
                    Changed();
                    long since = _time.GetTimestamp();
                    await wake.WaitAsync(_stopped).ConfigureAwait(false);
                    wake = Volatile.Read(ref _wake).Task;

                    // A peer that takes connections and drops them must not be dialled in a loop.
                    if (_time.GetElapsedTime(since) >= pause)
                    {
                        pause = _options.RedialFirst;
                        continue;
                    }
                }
                else if (_swarm.IsReady && await DialAsync().ConfigureAwait(false))
                {
                    continue;
                }

                Changed();
                TimeSpan wait = pause * (0.75 + (jitter.NextDouble() * 0.5));
                if (!_swarm.IsReady) await Task.Delay(TimeSpan.FromMilliseconds(20), _time, _stopped).ConfigureAwait(false);
                else if (await WokenAsync(wake, wait).ConfigureAwait(false)) pause = _options.RedialFirst;
                else pause = pause * 2 > _options.RedialMax ? _options.RedialMax : pause * 2;
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // Stopped on purpose.
        }
    }

    /// <summary>False if nothing woke it in the time given.</summary>
    private async Task<bool> WokenAsync(Task wake, TimeSpan wait)
    {
        try
        {
            await wake.WaitAsync(wait, _time, _stopped).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private CancellationTokenSource TakeOldest()
    {
        KeyValuePair<(ulong ChainId, string RangeId), AskingRange> oldest = _ranges.MinBy(static r => r.Value.AskedAt);
        _ranges.Remove(oldest.Key);
        return oldest.Value.Source;
    }

    private void Wake() => Interlocked.Exchange(ref _wake, NewSignal()).TrySetResult();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Outside the lock, for what hangs on a token runs here.</summary>
    private static void End(CancellationTokenSource? source)
    {
        source?.Cancel();
        source?.Dispose();
    }

    /// <summary>A crowd of strangers must not cost us those we ask, whoever of the two dialled. Not after <see cref="Stop"/>.</summary>
    private void Protect()
    {
        lock (_lock)
        {
            if (!_stopped.IsCancellationRequested) _swarm.Value.Protect(Id);
        }
    }

    private async Task<bool> DialAsync()
    {
        if (_own.Contains(Key))
        {
            _problem = "is a silo of this service, which has the same blocks";
            return false;
        }

        List<Multiaddr> addresses = [];
        foreach (string text in Volatile.Read(ref _addresses))
        {
            if (Multiaddr.TryParse(text, out Multiaddr? address)) addresses.Add(address);
        }

        DialResult result;
        try
        {
            result = await _swarm.Value.DialAsync(Id, addresses, _stopped).ConfigureAwait(false);
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
            DialOutcome.Forbidden => "is kept out by a rule of this silo",
            DialOutcome.SelfDial => "is this process itself",
            _ => result.Outcome.ToString(),
        };
        return result.Detail is { Length: > 0 } detail ? $"{what} ({detail})" : what;
    }
}
