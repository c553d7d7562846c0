using System.Threading.Channels;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Yamux;

/// <summary>A yamux session on a secure channel: many streams, flow control, hard limits (yamux spec).</summary>
/// <remarks>
/// One loop reads and never waits for a stream's reader, one loop writes. Whatever the remote does, the session holds at most
/// <see cref="YamuxOptions.BufferedBytesMax"/> of unread data, two output buffers, and one entry per permitted stream. A
/// violation ends the session; the reason is the result of <see cref="Completion"/>.
/// </remarks>
public sealed class YamuxSession : IAsyncDisposable
{
    /// <summary>The protocol id in multistream-select and in the noise muxer extension.</summary>
    public const string ProtocolId = "/yamux/1.0.0";

    private const int RefusedStreamPoints = 8;
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(5);

    private readonly ISecureChannel _channel;
    private readonly YamuxOptions _options;
    private readonly TimeProvider _time;
    private readonly YamuxLimits _limits;
    private readonly YamuxOutput _output;
    private readonly Dictionary<uint, YamuxStream> _streams = [];   // also the lock of itself and the counts below
    private readonly Channel<YamuxStream> _accepted;
    private readonly ITimer _ticker;
    private readonly uint _remoteParity;
    private TokenMeter _pings;
    private TokenMeter _nuisance;
    private uint _nextId;
    private int _outboundCount;
    private int _inboundCount;
    private int _end;
    private int _charged;
    private volatile bool _remoteIsLeaving;
    private volatile bool _refusesStreams;
    private long _receivedAt;
    private long _pingedAt;
    private uint _pingValue;
    private long _roundTripTicks;
    private ITimer? _closeDeadline;

    private YamuxSession(ISecureChannel channel, bool isDialer, YamuxOptions options, ByteQuota? process, ByteQuota? processInbound, TimeProvider time)
    {
        _channel = channel;
        _options = options;
        _time = time;
        _limits = new YamuxLimits(options, process, processInbound);
        _output = new YamuxOutput(channel, time);
        _accepted = Channel.CreateBounded<YamuxStream>(
            new BoundedChannelOptions(options.AcceptBacklogMax) { SingleWriter = true });
        _nextId = isDialer ? 1u : 2u;
        _remoteParity = isDialer ? 0u : 1u;
        _pings = new TokenMeter(options.PingBurst, options.PingsPerSecond, time);
        _nuisance = new TokenMeter(options.NuisanceBurst, options.NuisancePerSecond, time);
        _receivedAt = _pingedAt = time.GetTimestamp();
        _ticker = time.CreateTimer(static self => ((YamuxSession)self!).Tick(), this, TickInterval, TickInterval);
        Completion = RunAsync();
    }

    /// <summary>Ends with the reason when both loops have ended and the channel is closed. Faults only on a bug.</summary>
    public Task<YamuxEnd> Completion { get; }

    /// <summary>Whether <see cref="TryOpen"/> can succeed: neither side is leaving and a slot is free.</summary>
    public bool CanOpen => !IsClosing && !_remoteIsLeaving && Volatile.Read(ref _outboundCount) < _options.OutboundStreamsMax;

    /// <summary>Whether the session has ended, is ending, or takes no new streams.</summary>
    public bool IsClosing => Volatile.Read(ref _end) != 0 || _remoteIsLeaving;

    /// <summary>Streams opened by this side and not yet disposed.</summary>
    public int OutboundCount => Volatile.Read(ref _outboundCount);

    /// <summary>Streams opened by the remote and not yet disposed.</summary>
    public int InboundCount => Volatile.Read(ref _inboundCount);

    /// <summary>Memory held for received, unread data, in bytes.</summary>
    public long BufferedBytes => _limits.Buffered.Used + _limits.InboundBuffered.Used;

    /// <summary>Round trip of the last answered keep-alive ping; null before the first.</summary>
    public TimeSpan? RoundTrip => Volatile.Read(ref _roundTripTicks) is var ticks and not 0 ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>Takes a channel over and starts.</summary>
    /// <param name="channel">Owned by the session from here on.</param>
    /// <param name="isDialer">The side that dialled uses odd stream ids.</param>
    /// <param name="options">Limits.</param>
    /// <param name="process">A quota of unread bytes shared by all sessions of the process, if any.</param>
    /// <param name="time">Clock of keep-alive, deadlines and rate limits.</param>
    /// <param name="processInbound">The same for the streams that remotes open; without it they share the other.</param>
    public static YamuxSession Start(
        ISecureChannel channel, bool isDialer, YamuxOptions options, ByteQuota? process, TimeProvider time, ByteQuota? processInbound = null) =>
        new(channel, isDialer, options, process, processInbound ?? process, time);

    /// <summary>Opens a stream; null when <see cref="CanOpen"/> is false. The remote hears of it with the first write, so opening
    /// costs no round trip and no frame.</summary>
    public Libp2pStream? TryOpen()
    {
        lock (_streams)
        {
            if (_outboundCount >= _options.OutboundStreamsMax)
                LimitMetrics.Refused(nameof(_options.OutboundStreamsMax));
            if (!CanOpen || _nextId > uint.MaxValue - 2)
                return null;
            var stream = new YamuxStream(this, _output, _limits, _nextId, isInbound: false);
            _nextId += 2;
            _outboundCount++;
            _streams.Add(stream.Id, stream);
            return stream;
        }
    }

    /// <summary>The next stream the remote opened; null when the session has ended.</summary>
    public async ValueTask<Libp2pStream?> AcceptAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (_accepted.Reader.TryRead(out YamuxStream? stream))
                return stream;
        }
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken));
        return null;
    }

    /// <summary>Refuses new streams of the remote from now on. No go-away is sent yet: some remotes drop their open streams on it.</summary>
    public void StopAccepting() => _refusesStreams = true;

    /// <summary>Starts to end the session: a go-away is sent if that is possible within <see cref="YamuxOptions.CloseTimeout"/>,
    /// all streams fail. Idempotent; the first reason counts.</summary>
    public void Close(YamuxEnd reason = YamuxEnd.LocalClose)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, 0) != 0)
            return;
        _accepted.Writer.TryComplete();
        YamuxStream[] streams;
        lock (_streams)
            streams = [.. _streams.Values];
        foreach (YamuxStream stream in streams)
            stream.ConnectionLost(reason);

        bool reachable = reason is YamuxEnd.LocalClose or >= YamuxEnd.Silent;
        uint code = reason >= YamuxEnd.BadFrame ? 1u : 0u;   // go-away codes: 0 normal, 1 protocol error
        if (reachable)
            _closeDeadline = _time.CreateTimer(
                static channel => ((ISecureChannel)channel!).Abort(), _channel, _options.CloseTimeout, Timeout.InfiniteTimeSpan);
        else
            _channel.Abort();
        _output.Close(reachable ? new YamuxHeader(YamuxType.GoAway, YamuxFlags.None, 0, code) : null);
    }

    /// <summary>Closes and waits until both loops have ended: at most about <see cref="YamuxOptions.CloseTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await Completion;
    }

    /// <summary>A stream of the remote was work and came to nothing: it counts as a refused one does. Any thread.</summary>
    internal void ChargeFruitless() => Interlocked.Add(ref _charged, RefusedStreamPoints);

    /// <summary>Both sides are done with the stream: its id is unknown from now on.</summary>
    internal void Remove(YamuxStream stream)
    {
        lock (_streams)
            _streams.Remove(stream.Id);
    }

    /// <summary>The stream's user is done too: the slot is free.</summary>
    internal void Release(YamuxStream stream)
    {
        lock (_streams)
        {
            if (stream.IsInbound)
                _inboundCount--;
            else
                _outboundCount--;
        }
    }

    /// <summary>Handles a header; <paramref name="stream"/> gets the body that follows, null drops it.</summary>
    internal YamuxEnd OnFrame(YamuxHeader header, out YamuxStream? stream)
    {
        stream = null;
        if (Volatile.Read(ref _charged) != 0 && Nuisance(Interlocked.Exchange(ref _charged, 0)) is var end && end != YamuxEnd.None)
            return end;
        switch (header.Type)
        {
            case YamuxType.Ping:
                return OnPing(header);
            case YamuxType.GoAway:
                _remoteIsLeaving = true;
                return header.Length == 0 ? YamuxEnd.None : YamuxEnd.RemoteGoAway;
            default:
                return OnStreamFrame(header, out stream);
        }
    }

    private YamuxEnd OnStreamFrame(YamuxHeader header, out YamuxStream? stream)
    {
        if (header.Has(YamuxFlags.Syn))
        {
            YamuxEnd end = OnSyn(header, out stream);
            if (end != YamuxEnd.None || stream is null)
                return end;
        }
        else
        {
            if (header.StreamId == 0)
            {
                stream = null;
                return YamuxEnd.BadStreamId;
            }
            lock (_streams)
                _streams.TryGetValue(header.StreamId, out stream);
            if (stream is null)
                return Nuisance(1);
        }

        if (header.Has(YamuxFlags.Rst))
        {
            stream.RemoteReset();
            stream = null;
            return YamuxEnd.None;
        }
        if (header.Length == 0)
            return stream.IsNews(header.Flags) ? YamuxEnd.None : Nuisance(1);
        if (header.Type == YamuxType.Data)
            return stream.BeginData(header.Length);
        if (!stream.TryGrow(header.Length, out bool isDue))
            return YamuxEnd.WindowOverflow;
        return isDue ? YamuxEnd.None : Nuisance(1);
    }

    private YamuxEnd OnSyn(YamuxHeader header, out YamuxStream? stream)
    {
        stream = null;
        if (header.StreamId == 0 || header.StreamId % 2 != _remoteParity)
            return YamuxEnd.BadStreamId;
        lock (_streams)
        {
            if (_streams.ContainsKey(header.StreamId))
                return YamuxEnd.BadStreamId;
            if (_inboundCount < _options.InboundStreamsMax && !_refusesStreams && Volatile.Read(ref _end) == 0)
            {
                stream = new YamuxStream(this, _output, _limits, header.StreamId, isInbound: true);
                if (_accepted.Writer.TryWrite(stream))
                {
                    _inboundCount++;
                    _streams.Add(stream.Id, stream);
                    return YamuxEnd.None;
                }
                stream = null;
            }
        }
        LimitMetrics.Refused(nameof(_options.InboundStreamsMax));
        _output.Control(new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Rst, header.StreamId, 0));
        return Nuisance(RefusedStreamPoints);
    }

    private YamuxEnd OnPing(YamuxHeader header)
    {
        if (header.Has(YamuxFlags.Ack))
        {
            if (header.Length != _pingValue || _pingValue == 0)
                return Nuisance(1);
            Volatile.Write(ref _roundTripTicks, Math.Max(1, _time.GetElapsedTime(Volatile.Read(ref _pingedAt)).Ticks));
            return YamuxEnd.None;
        }
        if (!_pings.TryTake(1))
            return Nuisance(1);
        _output.Control(new YamuxHeader(YamuxType.Ping, YamuxFlags.Ack, 0, header.Length));
        return YamuxEnd.None;
    }

    private YamuxEnd Nuisance(int points)
    {
        if (_nuisance.TryTake(points))
            return YamuxEnd.None;
        LimitMetrics.Refused(nameof(_options.NuisanceBurst));
        return YamuxEnd.FrameFlood;
    }

    private async Task<YamuxEnd> RunAsync()
    {
        await Task.Yield();
        Task writing = WriteLoopAsync();
        Close(await ReadLoopAsync());
        await writing;
        while (_accepted.Reader.TryRead(out YamuxStream? stream))   // nobody came for them
            await stream.DisposeAsync();
        await _ticker.DisposeAsync();
        await _channel.DisposeAsync();
        if (_closeDeadline is { } deadline)
            await deadline.DisposeAsync();
        return (YamuxEnd)_end;
    }

    private async Task<YamuxEnd> ReadLoopAsync()
    {
        var input = new YamuxInput(this, (uint)_options.ReceiveWindowMax);
        try
        {
            while (true)
            {
                ReadOnlyMemory<byte> chunk = await _channel.ReadAsync(CancellationToken.None);
                if (chunk.IsEmpty)
                    return YamuxEnd.RemoteClose;
                Volatile.Write(ref _receivedAt, _time.GetTimestamp());
                YamuxEnd end = input.Feed(chunk.Span);
                if (end == YamuxEnd.None && _output.HasOverflowed)
                    end = YamuxEnd.ControlBacklog;
                if (end != YamuxEnd.None || Volatile.Read(ref _end) != 0)
                    return end == YamuxEnd.None ? YamuxEnd.LocalClose : end;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return YamuxEnd.ChannelBroken;
        }
    }

    private async Task WriteLoopAsync()
    {
        try
        {
            await _output.RunAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close(YamuxEnd.ChannelBroken);
        }
        _channel.Abort();   // ends the read loop
    }

    private void Tick()
    {
        long now = _time.GetTimestamp();
        TimeSpan silence = _time.GetElapsedTime(Volatile.Read(ref _receivedAt), now);
        if (_output.WriteAge > _options.WriteTimeout)
        {
            LimitMetrics.Refused(nameof(_options.WriteTimeout));
            Close(YamuxEnd.WriteStalled);
        }
        else if (silence > _options.SilenceMax)
        {
            LimitMetrics.Refused(nameof(_options.SilenceMax));
            Close(YamuxEnd.Silent);
        }
        else if (_time.GetElapsedTime(_pingedAt, now) >= _options.KeepAliveInterval)
        {
            Volatile.Write(ref _pingedAt, now);
            _pingValue++;
            _output.Control(new YamuxHeader(YamuxType.Ping, YamuxFlags.Syn, 0, _pingValue));
        }
    }
}
