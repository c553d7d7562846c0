using System.Buffers;
using System.IO.Pipelines;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Rpc;

/// <summary>The body of a request, read into memory that is charged as it arrives: who sends slowly holds what came, and nothing else.</summary>
/// <param name="budget">Where it is charged.</param>
/// <param name="caller">Whom.</param>
/// <param name="bytesMax">Longest body in bytes.</param>
internal sealed class RequestBody(ByteBudget budget, Caller caller, int bytesMax) : IDisposable
{
    private readonly ChargedBytes _bytes = new(budget, caller);
    private int _length;

    /// <summary>What became of a body.</summary>
    internal enum Outcome
    {
        /// <summary>It is here.</summary>
        Read,

        /// <summary>It is longer than it may be.</summary>
        TooLong,

        /// <summary>The caller's bodies, or all together, hold as much as they may.</summary>
        NoRoom,

        /// <summary>It did not come in time.</summary>
        TooSlow,
    }

    /// <summary>The bytes so far.</summary>
    public ReadOnlyMemory<byte> Content => _bytes.Bytes.AsMemory(0, _length);

    /// <summary>Reads it to its end, or for as long as it may take.</summary>
    public async Task<Outcome> ReadAsync(PipeReader source, TimeSpan timeout, TimeProvider time)
    {
        // By its own means, since the server takes a reader that was left by a token's cancellation for one that still reads. A lost
        // connection ends the read as well.
        using CancellationTokenSource deadline = new(timeout, time);
        await using CancellationTokenRegistration registration = deadline.Token.Register(source.CancelPendingRead);
        while (true)
        {
            ReadResult read = await source.ReadAsync(CancellationToken.None);
            Outcome outcome = read.IsCanceled ? Outcome.TooSlow : Append(read.Buffer);
            source.AdvanceTo(read.Buffer.End);
            if (outcome != Outcome.Read || read.IsCompleted) return outcome;
        }
    }

    /// <summary>Charges the caller for what is made of the body and lives as long as it.</summary>
    public bool TryCharge(long bytes) => _bytes.TryCharge(bytes);

    public void Dispose() => _bytes.Dispose();

    private Outcome Append(ReadOnlySequence<byte> more)
    {
        if (_length + more.Length > bytesMax) return Outcome.TooLong;
        int length = _length + (int)more.Length;
        if (!_bytes.TryGrow(length, _length)) return Outcome.NoRoom;
        more.CopyTo(_bytes.Bytes.AsSpan(_length));
        _length = length;
        return Outcome.Read;
    }
}
