namespace OpSync.Codec.Bulk;

/// <summary>Reads an answer of payloads item by item: numbers without gaps upwards, and an end that says why it is one.</summary>
/// <remarks>What was read before a fault is as good as any other block: each is checked by its hash anyway.</remarks>
public ref struct PayloadsReader
{
    private readonly PayloadsRequest _request;
    private ReadOnlySpan<byte> _rest;
    private ulong _next;
    private bool _ended;

    /// <summary>Begins to read.</summary>
    /// <param name="source">The whole answer.</param>
    /// <param name="request">What was asked.</param>
    public PayloadsReader(ReadOnlySpan<byte> source, in PayloadsRequest request)
    {
        _request = request;
        _next = request.First;
        Fault = BulkAnswer.ReadCode(source, out BulkCode code, out TimeSpan retryAfter);
        (Code, RetryAfter) = (code, retryAfter);
        _ended = Fault != BulkFault.None || Code != BulkCode.Success;
        _rest = _ended ? default : source[1..];
    }

    /// <summary>Result code.</summary>
    public BulkCode Code { get; }

    /// <summary>What is wrong with the bytes, as far as they were read.</summary>
    public BulkFault Fault { get; private set; }

    /// <summary>Why it ends; known when <see cref="TryRead"/> returned false without a fault.</summary>
    public BulkEnd End { get; private set; }

    /// <summary>When to ask again; zero if not said.</summary>
    public TimeSpan RetryAfter { get; private set; }

    /// <summary>Items read.</summary>
    public readonly int Count => (int)(_next - _request.First);

    /// <summary>Reads the next block.</summary>
    /// <returns>False at the end, at a fault, and for a refusal.</returns>
    public bool TryRead(out PayloadItem item)
    {
        item = default;
        if (_ended) return false;
        Fault = PayloadItem.Read(_rest, out item, out ReadOnlySpan<byte> rest);
        if (Fault == BulkFault.None && item.Wire.IsEmpty)
        {
            Fault = BulkAnswer.ReadEnd(rest, out BulkEnd end, out TimeSpan retryAfter);
            (End, RetryAfter) = (end, retryAfter);
            if (Fault == BulkFault.None && Count == 0) Fault = BulkFault.Senseless;
            _ended = true;
            return false;
        }

        if (Fault == BulkFault.None && Count == _request.Count) Fault = BulkFault.TooMany;
        if (Fault == BulkFault.None && item.Number != _next) Fault = BulkFault.WrongNumber;
        if (Fault != BulkFault.None)
        {
            _ended = true;
            return false;
        }

        _rest = rest;
        _next++;
        return true;
    }
}
