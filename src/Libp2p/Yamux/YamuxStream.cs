using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Yamux;

/// <summary>One stream of a session: joins the two halves and tells the session when it is over.</summary>
internal sealed class YamuxStream : Libp2pStream
{
    private const int SendDone = 1;
    private const int ReceiveDone = 2;
    private const int Disposed = 4;
    private const int Gone = SendDone | ReceiveDone;

    private readonly YamuxSession _session;
    private readonly YamuxOutput _output;
    private readonly StreamReceiver _receiver;
    private readonly StreamSender _sender;
    private int _done;
    private YamuxFlags _told;   // the reader loop's

    public YamuxStream(YamuxSession session, YamuxOutput output, YamuxLimits limits, uint id, bool isInbound)
    {
        _session = session;
        _output = output;
        _sender = new StreamSender(id, isInbound ? YamuxFlags.Ack : YamuxFlags.Syn, output);
        Id = id;
        IsInbound = isInbound;
        _receiver = new StreamReceiver(this, limits);
    }

    public uint Id { get; }

    public bool IsInbound { get; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _receiver.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _output.WriteAsync(_sender, buffer, cancellationToken);

    public override ValueTask CloseWriteAsync(CancellationToken cancellationToken)
    {
        if (_output.Finish(_sender))
            Mark(SendDone);
        return default;
    }

    public override void Reset() => Reset("The stream was reset by this side.");

    /// <summary>Resets and tells the remote, unless both sides are done.</summary>
    public void Reset(string reason) => End(reason, byUs: true);

    // Called by the reader loop.

    public void RemoteReset() => End("The stream was reset by the remote.", byUs: false);

    public void ConnectionLost(YamuxEnd end) => End($"The connection ended: {end}.", byUs: false);

    public YamuxEnd BeginData(uint length) => _receiver.Begin(length);

    public bool TryDeliver(ReadOnlySpan<byte> data) => _receiver.TryDeliver(data);

    public bool TryGrow(uint increment, out bool isDue) => _output.TryGrow(_sender, increment, out isDue);

    /// <summary>Whether a frame without content says anything: a flag that was not there before.</summary>
    public bool IsNews(YamuxFlags flags)
    {
        bool isNews = (flags & ~_told) != 0;
        _told |= flags;
        return isNews;
    }

    public void RemoteFinish()
    {
        _receiver.Finish();
        Mark(ReceiveDone);
    }

    /// <summary>Called by the receiver when enough has been read.</summary>
    public void SendCredit(uint increment) => _output.SendCredit(_sender, increment);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reset("The stream was disposed.");
            Mark(Disposed);
        }
        base.Dispose(disposing);
    }

    private void End(string reason, bool byUs)
    {
        bool tell = byUs && (Volatile.Read(ref _done) & Gone) != Gone;
        _output.Reset(_sender, reason, tell);
        _receiver.Fail(reason, drop: byUs);
        Mark(Gone);
    }

    private void Mark(int done)
    {
        int before = Interlocked.Or(ref _done, done);
        int after = before | done;
        if ((before & Gone) != Gone && (after & Gone) == Gone)
            _session.Remove(this);
        if (before != (Gone | Disposed) && after == (Gone | Disposed))
            _session.Release(this);
    }
}
