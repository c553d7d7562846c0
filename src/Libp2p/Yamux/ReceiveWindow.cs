using System.Diagnostics;

namespace OpSync.Libp2p.Yamux;

/// <summary>Bytes the remote may still send on one stream, and when telling it about more is worth a frame. Not thread-safe.</summary>
public struct ReceiveWindow()
{
    /// <summary>Bytes the window is refilled to.</summary>
    public int Size { get; private set; } = SendWindow.Initial;

    /// <summary>Bytes the remote may still send.</summary>
    public int Left { get; private set; } = SendWindow.Initial;

    /// <summary>Accounts a data frame; false when the remote sends more than it was allowed.</summary>
    public bool TryReceive(uint length)
    {
        if (length > (uint)Left)
            return false;
        Left -= (int)length;
        return true;
    }

    /// <summary>Whether half the window is free and unannounced: updates below that cost more than they bring.</summary>
    /// <param name="buffered">Bytes received and not yet read.</param>
    public readonly bool IsUpdateDue(int buffered) => Size - Left - buffered >= Size / 2;

    /// <summary>Doubles the window; the increase is announced by the next <see cref="Refill"/>.</summary>
    public void Double() => Size *= 2;

    /// <summary>Refills the window as far as <paramref name="buffered"/> allows and returns the increment to announce.</summary>
    public uint Refill(int buffered)
    {
        int increment = Size - Left - buffered;
        Debug.Assert(increment >= 0);
        Left += increment;
        return (uint)increment;
    }
}
