using OpSync.Codec.Bulk;

namespace OpSync.TestKit;

/// <summary>Reads a whole answer of payloads item by item (<see cref="PayloadsFrames"/>); the service itself reads them as they arrive.</summary>
public ref struct PayloadsReader
{
    private PayloadsFrames _frames;
    private ulong _next;
    private ReadOnlySpan<byte> _rest;
    private bool _ended;

    /// <summary>Begins to read.</summary>
    /// <param name="source">The whole answer.</param>
    /// <param name="request">What was asked.</param>
    public PayloadsReader(ReadOnlySpan<byte> source, in PayloadsRequest request)
    {
        _frames = new PayloadsFrames(in request);
        _next = request.First;
        _rest = source;
    }

    /// <summary>Result code.</summary>
    public readonly BulkCode Code => _frames.Code;

    /// <summary>What is wrong with the bytes, as far as they were read.</summary>
    public BulkFault Fault { get; private set; }

    /// <summary>Why it ends; known when <see cref="TryRead"/> returned false without a fault.</summary>
    public readonly BulkEnd End => _frames.End;

    /// <summary>When to ask again; zero if not said.</summary>
    public readonly TimeSpan RetryAfter => _frames.RetryAfter;

    /// <summary>Items read.</summary>
    public int Count { get; private set; }

    /// <summary>Reads the next block.</summary>
    /// <returns>False at the end, at a fault, and for a refusal.</returns>
    public bool TryRead(out PayloadRead item)
    {
        item = default;
        ReadOnlySpan<byte> signature = default;
        while (!_ended)
        {
            int wanted = _frames.Wanted;
            if (_rest.Length < wanted) return Stop(BulkFault.Truncated);
            ReadOnlySpan<byte> part = _rest[..wanted];
            _rest = _rest[wanted..];
            switch (_frames.Take(part))
            {
                case PayloadsFrame.Fault:
                    return Stop(_frames.Fault);
                case PayloadsFrame.End:
                    return Stop(_rest.IsEmpty ? BulkFault.None : BulkFault.TrailingBytes);
                case PayloadsFrame.Payload:
                    if (wanted == PayloadItem.SignatureSize) signature = part;
                    if (_rest.Length < _frames.WireLength) return Stop(BulkFault.Truncated);
                    item = new PayloadRead(_next++, signature, _rest[.._frames.WireLength]);
                    _rest = _rest[_frames.WireLength..];
                    Count++;
                    return true;
            }
        }

        return false;
    }

    private bool Stop(BulkFault fault)
    {
        Fault = fault;
        _ended = true;
        return false;
    }
}

/// <summary>One block of an answer; views of its bytes.</summary>
/// <param name="number">Height.</param>
/// <param name="signature">The signature as the peer has it, not verified; empty if it sent none.</param>
/// <param name="wire">The block as a response of payload_by_number, unchecked.</param>
public readonly ref struct PayloadRead(ulong number, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> wire)
{
    public ulong Number { get; } = number;

    public ReadOnlySpan<byte> Signature { get; } = signature;

    public ReadOnlySpan<byte> Wire { get; } = wire;
}
