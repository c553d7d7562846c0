using System.Text;
using OpSync.Libp2p.Streams;

namespace OpSync.Libp2p.Tests.Multistream;

/// <summary>Passes everything on and remembers each write, and whether the writing side was closed.</summary>
internal sealed class RecordingStream(Stream inner) : Libp2pStream
{
    public List<string> Writes { get; } = [];

    public bool IsClosed { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Writes.Add(Encoding.Latin1.GetString(buffer.Span));
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override ValueTask CloseWriteAsync(CancellationToken cancellationToken)
    {
        IsClosed = true;
        return ValueTask.CompletedTask;
    }

    public override void Reset() => inner.Dispose();
}
