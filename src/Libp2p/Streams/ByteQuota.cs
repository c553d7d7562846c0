namespace OpSync.Libp2p.Streams;

/// <summary>A count of bytes in use with a cap, optionally inside a larger one (connection within process). Thread-safe.</summary>
/// <param name="capacity">Bytes that may be taken at a time.</param>
/// <param name="parent">Also has to grant each request.</param>
public sealed class ByteQuota(long capacity, ByteQuota? parent = null)
{
    private long _used;

    /// <summary>Bytes taken now.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes <paramref name="bytes"/>, or nothing when they would pass this cap or a parent's.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= capacity && (parent is null || parent.TryTake(bytes)))
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(int bytes)
    {
        Interlocked.Add(ref _used, -bytes);
        parent?.Return(bytes);
    }
}
