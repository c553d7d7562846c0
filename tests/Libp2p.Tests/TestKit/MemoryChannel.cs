using System.Threading.Channels;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Tests.TestKit;

/// <summary>Two connected channels without encryption. A writer waits once <c>writesMax</c> writes are unread.</summary>
internal sealed class MemoryChannel : ISecureChannel
{
    private readonly Channel<byte[]> _in;
    private readonly Channel<byte[]> _out;
    private readonly CancellationTokenSource _aborted = new();

    private MemoryChannel(Channel<byte[]> input, Channel<byte[]> output) => (_in, _out) = (input, output);

    public static (MemoryChannel A, MemoryChannel B) Pair(int writesMax = 1024)
    {
        Channel<byte[]> x = Channel.CreateBounded<byte[]>(writesMax), y = Channel.CreateBounded<byte[]>(writesMax);
        return (new MemoryChannel(x, y), new MemoryChannel(y, x));
    }

    private bool IsAborted => _aborted.IsCancellationRequested;

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token, cancellationToken);
            return await _in.Reader.WaitToReadAsync(both.Token) && _in.Reader.TryRead(out byte[]? chunk) ? chunk : default;
        }
        catch (OperationCanceledException) when (IsAborted)
        {
            throw new IOException("aborted");
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(_aborted.Token, cancellationToken);
            await _out.Writer.WriteAsync([.. head.Span, .. body.Span], both.Token);
        }
        catch (Exception e) when (e is ChannelClosedException || (e is OperationCanceledException && IsAborted))
        {
            throw new IOException("aborted", e);
        }
    }

    public void Abort()
    {
        _out.Writer.TryComplete();   // what was written before is still read
        _in.Writer.TryComplete();    // and the other side's next write fails
        _aborted.Cancel();
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return default;
    }
}
