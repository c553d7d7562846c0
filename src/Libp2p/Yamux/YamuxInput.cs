using System.Buffers;

namespace OpSync.Libp2p.Yamux;

/// <summary>Cuts the received bytes into frames and hands data on without waiting for whole frames.</summary>
internal sealed class YamuxInput(YamuxSession session, uint dataMax)
{
    private readonly byte[] _header = new byte[YamuxHeader.Size];
    private int _headerLength;
    private uint _bodyLeft;
    private YamuxStream? _stream;   // null: the body is dropped
    private bool _finishes;

    /// <summary>Takes all of <paramref name="chunk"/>, or says why the session has to end.</summary>
    public YamuxEnd Feed(ReadOnlySpan<byte> chunk)
    {
        while (!chunk.IsEmpty)
        {
            if (_bodyLeft > 0)
            {
                int n = (int)Math.Min(_bodyLeft, (uint)chunk.Length);
                if (_stream is { } stream && !stream.TryDeliver(chunk[..n]))
                {
                    LimitMetrics.Refused(stream.IsInbound ? nameof(YamuxOptions.InboundBufferedBytesMax) : nameof(YamuxOptions.BufferedBytesMax));
                    stream.Reset("The connection holds too many unread bytes.");
                    _stream = null;
                }
                chunk = chunk[n..];
                _bodyLeft -= (uint)n;
                if (_bodyLeft == 0)
                    EndBody();
                continue;
            }

            OperationStatus status = TakeHeader(ref chunk, out YamuxHeader header);
            if (status == OperationStatus.NeedMoreData)
                return YamuxEnd.None;
            YamuxEnd end = status == OperationStatus.Done ? Dispatch(header) : YamuxEnd.BadFrame;
            if (end != YamuxEnd.None)
                return end;
        }
        return YamuxEnd.None;
    }

    /// <summary>Reads a header, which may arrive in pieces.</summary>
    private OperationStatus TakeHeader(ref ReadOnlySpan<byte> chunk, out YamuxHeader header)
    {
        if (_headerLength == 0 && chunk.Length >= YamuxHeader.Size)
        {
            OperationStatus status = YamuxHeader.Read(chunk, dataMax, out header);
            chunk = chunk[YamuxHeader.Size..];
            return status;
        }
        int used = Math.Min(chunk.Length, YamuxHeader.Size - _headerLength);
        chunk[..used].CopyTo(_header.AsSpan(_headerLength));
        chunk = chunk[used..];
        OperationStatus joined = YamuxHeader.Read(_header.AsSpan(0, _headerLength += used), dataMax, out header);
        if (joined != OperationStatus.NeedMoreData)
            _headerLength = 0;
        return joined;
    }

    private YamuxEnd Dispatch(YamuxHeader header)
    {
        YamuxEnd end = session.OnFrame(header, out YamuxStream? stream);
        if (end != YamuxEnd.None)
            return end;
        _stream = stream;
        _finishes = header.Has(YamuxFlags.Fin);
        if (header.Type == YamuxType.Data)
            _bodyLeft = header.Length;
        if (_bodyLeft == 0)
            EndBody();
        return YamuxEnd.None;
    }

    private void EndBody()
    {
        if (_finishes)
            _stream?.RemoteFinish();
        _stream = null;
    }
}
