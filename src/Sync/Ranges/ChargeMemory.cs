namespace OpSync.Sync.Ranges;

/// <summary>Keeps a repeated message from charging a peer twice for one block.</summary>
internal sealed class ChargeMemory
{
    /// <summary>Charges remembered; an older one could be repeated only by a message delayed beyond all deadlines.</summary>
    private const int Max = 1_024;

    private readonly HashSet<Charge> _known = [];
    private readonly Queue<Charge> _order = new();

    /// <summary>True the first time.</summary>
    public bool TryAdd(Charge charge)
    {
        if (!_known.Add(charge)) return false;
        _order.Enqueue(charge);
        if (_order.Count > Max) _known.Remove(_order.Dequeue());
        return true;
    }
}
