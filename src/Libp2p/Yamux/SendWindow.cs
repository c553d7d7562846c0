namespace OpSync.Libp2p.Yamux;

/// <summary>Bytes the remote still lets us send on one stream (yamux spec, "Flow Control"). Not thread-safe.</summary>
public struct SendWindow()
{
    /// <summary>Both sides' window at the start of a stream, in bytes: fixed by the protocol.</summary>
    public const int Initial = 256 * 1024;

    /// <summary>Bytes that may be sent now.</summary>
    public uint Available { get; private set; } = Initial;

    /// <summary>Whether bytes were taken since the window grew last: only then has an honest remote a reason to let it grow.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Takes up to <paramref name="wanted"/> bytes and returns how many were granted.</summary>
    public int Take(int wanted)
    {
        int granted = (int)Math.Min((uint)wanted, Available);
        Available -= (uint)granted;
        IsUsed |= granted > 0;
        return granted;
    }

    /// <summary>Adds the increment of a window update; false when the sum no longer fits 32 bits, which no honest peer sends.</summary>
    public bool TryGrow(uint increment)
    {
        ulong sum = (ulong)Available + increment;
        if (sum > uint.MaxValue)
            return false;
        Available = (uint)sum;
        IsUsed = false;
        return true;
    }
}
