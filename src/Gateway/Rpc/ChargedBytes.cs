using System.Buffers;
using System.Numerics;
using OpSync.Gateway.Security;

namespace OpSync.Gateway.Rpc;

/// <summary>Rented memory that grows. The first <see cref="OwnBytes"/> are every request's own, so that a small one is answered
/// however much others hold; what is more is charged to the caller.</summary>
internal sealed class ChargedBytes(ByteBudget budget, Caller caller) : IDisposable
{
    /// <summary>Bytes that are not charged: bounded by the connections there may be.</summary>
    public const int OwnBytes = 8 << 10;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(OwnBytes);

    /// <summary>Bytes charged now.</summary>
    private long _charged;

    /// <summary>The memory. Growth replaces it.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>Bytes that memory of a size is charged with.</summary>
    public static long Charge(long size) => size <= OwnBytes ? 0 : (long)BitOperations.RoundUpToPowerOf2((ulong)size);

    /// <summary>Charges for something that belongs to these bytes.</summary>
    /// <returns>False where the caller has no room; nothing is changed then.</returns>
    public bool TryCharge(long bytes)
    {
        if (!budget.TryTake(caller, bytes)) return false;
        _charged += bytes;
        return true;
    }

    /// <summary>Makes room.</summary>
    /// <param name="size">Bytes in all.</param>
    /// <param name="kept">How many of them keep their content.</param>
    /// <returns>False where the caller has no room; nothing is changed then.</returns>
    public bool TryGrow(int size, int kept)
    {
        if (size <= _bytes.Length) return true;
        if (Charge(size) > _charged && !TryCharge(Charge(size) - _charged)) return false;
        Replace(size, kept);
        return true;
    }

    /// <summary>Makes room, and waits for it.</summary>
    /// <param name="size">Bytes in all.</param>
    /// <param name="kept">How many of them keep their content.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask GrowAsync(int size, int kept, CancellationToken cancellationToken)
    {
        if (size <= _bytes.Length) return;
        long more = Math.Max(0, Charge(size) - _charged);
        ByteBudget.Lease lease = await budget.TakeAsync(caller, more, cancellationToken);
        _charged += lease.Bytes;   // given back by this from now on
        Replace(size, kept);
    }

    /// <summary>Gives back all but the own bytes.</summary>
    public void Shrink()
    {
        if (_bytes.Length > OwnBytes) Replace(OwnBytes, 0);
        budget.Return(caller, _charged);
        _charged = 0;
    }

    public void Dispose()
    {
        Shrink();
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Replace(int size, int kept)
    {
        byte[] other = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(0, kept).CopyTo(other);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = other;
    }
}
