using System.Buffers;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>Reads one answer to its end, in pieces, with room that grows with the budget.</summary>
/// <remarks>Pieces are small enough that what the pool keeps of them is little, and an answer of many is put together once, in an
/// array of its exact size: doubled buffers of megabytes would stay in the pool beside all that is accounted for.</remarks>
internal sealed class ResponseReader(ExchangeLimits limits, TimeProvider time) : IDisposable
{
    private const int PieceMin = 256;
    private const int PieceMax = 64 * 1024;

    /// <summary>Room grows by this part of what there is.</summary>
    private const int GrowthPart = 4;

    private readonly List<byte[]> _pieces = new(1);
    private readonly List<int> _sizes = new(1);   // what is used of each; the rented array may be longer
    private int _room;        // of all pieces together
    private int _accounted;   // at least that
    private int _length;
    private int _free;        // of the last piece
    private long _started;
    private TimeSpan _limit;
    private TimeSpan _waitedBefore;
    private byte[]? _probe;   // with all room used, one byte tells the end from more

    /// <summary>Timestamp of the first byte, 0 before.</summary>
    public long FirstByteAt { get; private set; }

    public TimeSpan BudgetWait { get; private set; }

    /// <summary>True when all is read, false when the answer is too long.</summary>
    public async ValueTask<bool> ReadAsync(Libp2pStream stream, Deadline deadline)
    {
        Dispose();
        _accounted = Math.Clamp(limits.ExpectedSize, Math.Min(PieceMin, limits.ResponseSizeMax), limits.ResponseSizeMax);
        AddPiece(Math.Min(_accounted, PieceMax));
        Begin(limits.ReadTimeout);
        while (true)
        {
            if (_free == 0 && _room < _accounted)
                AddPiece(Math.Min(_accounted - _room, PieceMax));
            bool isFull = _free == 0;
            Memory<byte> target = isFull ? _probe ??= new byte[1] : _pieces[^1].AsMemory(_sizes[^1] - _free, _free);
            int read = await stream.ReadAsync(target, deadline.Token);
            if (read == 0)
                return true;
            if (FirstByteAt == 0)
                FirstByteAt = Math.Max(1, time.GetTimestamp());
            if (isFull)
            {
                if (_accounted == limits.ResponseSizeMax)
                    return false;
                int more = Math.Min(Math.Clamp(_accounted / GrowthPart, PieceMin, PieceMax), limits.ResponseSizeMax - _accounted);
                await GrowAsync(more, deadline);
                _pieces[^1][0] = _probe![0];
            }
            _length += read;
            _free -= read;
        }
    }

    /// <summary>Reads a part of known length. What is not accounted for is only taken as its bytes arrive.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="length">Bytes of the part, 1 or more.</param>
    /// <param name="accounted">Bytes that the caller has accounted for it.</param>
    /// <param name="limit">Time it may take, as the deadline runs.</param>
    /// <param name="deadline">Runs.</param>
    /// <exception cref="EndOfStreamException">The stream ends within the part.</exception>
    public async ValueTask<PooledResponse> ReadPartAsync(Libp2pStream stream, int length, int accounted, TimeSpan limit, Deadline deadline)
    {
        Begin(limit);
        if (length <= accounted)
        {
            byte[] whole = GC.AllocateUninitializedArray<byte>(length);
            await stream.ReadExactlyAsync(whole, deadline.Token);
            return new PooledResponse(whole, length, isPooled: false);
        }
        Dispose();
        _accounted = accounted;
        while (_length < length)
        {
            if (_free == 0 && _room < _accounted)
                AddPiece(Math.Min(_accounted - _room, PieceMax));
            else if (_free == 0)
                await GrowAsync(Math.Min(length - _room, PieceMax), deadline);
            int read = await stream.ReadAsync(_pieces[^1].AsMemory(_sizes[^1] - _free, _free), deadline.Token);
            if (read == 0)
                throw new EndOfStreamException();
            _length += read;
            _free -= read;
        }
        return Take();
    }

    /// <summary>Hands the answer over.</summary>
    public PooledResponse Take()
    {
        if (_pieces.Count == 1)
        {
            byte[] only = _pieces[0];
            _pieces.Clear();
            return new PooledResponse(only, _length, isPooled: true);
        }
        byte[] whole = GC.AllocateUninitializedArray<byte>(_length);
        for (int i = 0, at = 0; at < _length; at += _sizes[i++])
            _pieces[i].AsSpan(0, Math.Min(_sizes[i], _length - at)).CopyTo(whole.AsSpan(at));
        Dispose();
        return new PooledResponse(whole, whole.Length, isPooled: false);
    }

    public void Dispose()
    {
        foreach (byte[] piece in _pieces)
            ArrayPool<byte>.Shared.Return(piece);
        _pieces.Clear();
        _sizes.Clear();
        _room = _free = _length = 0;
    }

    private void Begin(TimeSpan limit) => (_started, _limit, _waitedBefore) = (time.GetTimestamp(), limit, BudgetWait);

    private void AddPiece(int size)
    {
        _pieces.Add(ArrayPool<byte>.Shared.Rent(size));
        _sizes.Add(size);
        _room += size;
        _free = size;
    }

    private async ValueTask GrowAsync(int more, Deadline deadline)
    {
        if (limits.Budget is not null)
        {
            long waiting = time.GetTimestamp();
            ValueTask extension = limits.Budget.ExtendAsync(more, deadline.Token);
            if (!extension.IsCompletedSuccessfully)
            {
                // Our own shortage must not look like the peer's slowness: its time stands still.
                deadline.Restart(Timeout.InfiniteTimeSpan);
                await extension;
                BudgetWait += time.GetElapsedTime(waiting);
                TimeSpan left = _limit - (time.GetElapsedTime(_started) - (BudgetWait - _waitedBefore));
                deadline.Restart(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }
        _accounted += more;
        AddPiece(more);
    }
}
