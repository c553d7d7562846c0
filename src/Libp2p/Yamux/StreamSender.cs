using System.Threading.Tasks.Sources;

namespace OpSync.Libp2p.Yamux;

/// <summary>How far the sending half of a stream has come.</summary>
internal enum SendState : byte
{
    Open,

    /// <summary>Half-closed by us.</summary>
    Finished,

    /// <summary>Reset by either side, or the connection is gone.</summary>
    Reset,
}

/// <summary>The sending half of a stream. All fields belong to the lock of <see cref="YamuxOutput"/>.</summary>
internal sealed class StreamSender(uint id, YamuxFlags firstFlags, YamuxOutput output) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _write = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;

    public uint Id => id;

    /// <summary>SYN or ACK, until the first frame has carried it.</summary>
    public YamuxFlags FirstFlags = firstFlags;

    public SendWindow Window = new();
    public SendState State;
    public string? Failure;

    /// <summary>What the waiting writer still has to send.</summary>
    public ReadOnlyMemory<byte> Pending;

    public CancellationToken Token;
    public bool IsWriting;

    /// <summary>In the ring of streams that have bytes and window, and wait for room.</summary>
    public bool IsQueued;

    public ValueTask Wait(ReadOnlyMemory<byte> rest, CancellationToken cancellationToken)
    {
        IsWriting = true;
        Pending = rest;
        Token = cancellationToken;
        _write.Reset();
        _registration = cancellationToken.UnsafeRegister(static (self, token) => ((StreamSender)self!).Cancel(token), this);
        return new ValueTask(this, _write.Version);
    }

    public void Complete()
    {
        EndWrite();
        _write.SetResult(true);
    }

    public void Complete(Exception failure)
    {
        EndWrite();
        _write.SetException(failure);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _registration.Unregister();
        _write.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _write.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _write.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token) => output.CancelWrite(this, token);

    private void EndWrite()
    {
        IsWriting = false;
        Pending = default;
        Token = default;
    }
}
