using OpSync.Libp2p.Transport;

namespace OpSync.Fuzz.Kit;

/// <summary>A secure channel whose remote has said everything it will ever say. Between two pieces everybody else has his turn.</summary>
/// <param name="input">What is read.</param>
/// <param name="chunkSize">Bytes of a piece.</param>
/// <param name="breaks">The end is a lost connection.</param>
internal sealed class ScriptedChannel(byte[] input, int chunkSize, bool breaks) : ISecureChannel
{
    private readonly List<byte> _written = [];
    private int _at;

    public byte[] Written => [.. _written];

    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        int count = Math.Min(chunkSize, input.Length - _at);
        if (count == 0 && breaks) throw new IOException("The script ends.");
        _at += count;
        return input.AsMemory(_at - count, count);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        _written.AddRange(head.Span);
        _written.AddRange(body.Span);
        return default;
    }

    public void Abort()
    {
    }

    public ValueTask DisposeAsync() => default;
}
