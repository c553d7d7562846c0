namespace OpSync.Fuzz.Kit;

/// <summary>Measures what a decoder allocates on the thread that calls it.</summary>
internal readonly struct AllocationBound
{
    public const string Kind = "allocation bound passed:";

    private readonly long _before;

    private AllocationBound(long before) => _before = before;

    public static AllocationBound Start() => new(GC.GetAllocatedBytesForCurrentThread());

    /// <summary>Ends the measurement.</summary>
    /// <param name="bytesMax">The bound. Buffers that a pool has to make anew count, so it is never below a pool's steps.</param>
    public void End(long bytesMax)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread() - _before;
        if (allocated > bytesMax) throw new FuzzFailure(Kind, $"{allocated} bytes, {bytesMax} allowed");
    }
}
