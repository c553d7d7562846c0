using Microsoft.Extensions.Logging;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Fetching;

/// <summary>Requests for consecutive heights that travel as one: one stream, but each with a time, an outcome and a cancellation of its
/// own. A block goes to the verifier as soon as it is here.</summary>
/// <remarks>
/// The blocks come one after the other, so what a block may take counts from the beginning and grows with those before it. The
/// bytes expected are taken from the budget at once, for who holds some of them and waits for more could wait for ever; what one
/// block leaves of its share, the next may use.
/// </remarks>
internal sealed class SpanFetch
{
    private const int Waiting = 0, Overdue = 1, Ended = 2;

    private readonly IByteBudget _budget;
    private readonly Verifier _verifier;
    private readonly FetchReports _reports;
    private readonly PeerLinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly IFetchSource _source;
    private readonly RangeKey _range;
    private readonly AskItem[] _items;
    private readonly ReplyTimeout _timeout;
    private readonly CancellationTokenSource _giveUp;
    private readonly int[] _states;
    private readonly TimeSpan[] _patience;
    private ReadReservation? _room;
    private long _started;
    private TimeSpan _waitedBefore;
    private TimeSpan _handingOver;   // time the verifier made it wait
    private int _left;
    private int _watched;            // the first block whose time is not up
    private bool _isLate;
    private bool _isOutOfTime;

    /// <summary>The items are two or more, ascending without gaps, none of them urgent. What gives up all of them is disposed here.</summary>
    public SpanFetch(
        IByteBudget budget, Verifier verifier, FetchReports reports, PeerLinkOptions options, TimeProvider time, ILogger log,
        IFetchSource source, RangeKey range, AskItem[] items, ReplyTimeout timeout, CancellationTokenSource giveUp)
    {
        (_budget, _verifier, _reports, _options, _time, _log) = (budget, verifier, reports, options, time, log);
        (_source, _range, _items, _timeout, _giveUp) = (source, range, items, timeout, giveUp);
        _states = new int[items.Length];
        _patience = new TimeSpan[items.Length];
        _left = items.Length;
    }

    /// <summary>Ends one of the requests; if it was the last one wanted, the stream.</summary>
    public void Cancel(int index)
    {
        if (!TryEnd(index, out bool wasOverdue)) return;
        if (!wasOverdue) Report(index, FetchVerdict.OurFault, TimeSpan.Zero);
        if (Volatile.Read(ref _left) == 0) GiveUp();
    }

    /// <summary>Runs all of it to its end.</summary>
    /// <param name="stopping">The process ends: what was read is not verified any more.</param>
    /// <returns>What is left to be asked for block by block; it still counts as open.</returns>
    public async Task<List<AskItem>> RunAsync(CancellationToken stopping)
    {
        ReadReservation room = _room = new(_budget, urgent: false, _items[0].Priority, _options, _time);
        SpanPart end = SpanPart.EndAll(FetchVerdict.OurFault);
        int next = 0;
        try
        {
            await room.ExtendAsync(Plan(), _giveUp.Token).ConfigureAwait(false);
            (_started, _waitedBefore) = (_time.GetTimestamp(), room.Waited);

            // Blocks differ in size: an answer cut at what is expected would lack its last block half of the time.
            await using ISpanAnswer answer = _source.RequestSpan(_range, _items[0].Number, _items.Length, (int)Math.Min(2 * room.Taken, int.MaxValue), room, _giveUp.Token);
            long later = room.Taken;
            while (next < _items.Length && Volatile.Read(ref _left) > 0)
            {
                later -= _items[next].SizeExpected;
                SpanPart part = await ReadAsync(answer, (int)Math.Max(0, room.Taken - later)).ConfigureAwait(false);
                if (part.Wire is null)
                {
                    end = room.GaveUp ? SpanPart.EndAll(FetchVerdict.OurFault) : _isOutOfTime ? SpanPart.EndAll(FetchVerdict.Timeout) : part;
                    break;
                }

                await HandOverAsync(next++, part, stopping).ConfigureAwait(false);
            }

            if (next == _items.Length) await answer.FinishAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Cancelled by the range or by the end of the process, or no room came: nobody's fault but ours.
        }
        catch (Exception e)
        {
            Log.HandOverFailed(_log, e);
        }

        room.ReturnAll();
        _giveUp.Dispose();
        if (_isLate) _source.EndLate();
        return EndRest(next, end);
    }

    /// <summary>Works out what each block may take, and the bytes of all.</summary>
    private int Plan()
    {
        int bytes = 0;
        for (int i = 0; i < _items.Length; i++)
        {
            bytes += _items[i].SizeExpected;
            _patience[i] = _timeout.For(bytes);
        }

        return bytes;
    }

    /// <summary>Waits for the next block, and tells of those whose time is up meanwhile.</summary>
    private async ValueTask<SpanPart> ReadAsync(ISpanAnswer answer, int accounted)
    {
        ValueTask<SpanPart> next = answer.NextAsync(accounted);
        if (next.IsCompletedSuccessfully) return next.Result;
        Task<SpanPart> reading = next.AsTask();
        while (!reading.IsCompleted)
        {
            while (_watched < _items.Length && Volatile.Read(ref _states[_watched]) != Waiting) _watched++;

            // A deadline that is no earlier than the exchange's own needs no timer beside it.
            if (_watched == _items.Length || _patience[_watched] >= _options.ReadTimeout) break;
            TimeSpan left = _patience[_watched] - Elapsed;
            if (left <= TimeSpan.Zero)
            {
                await TimeOutAsync(_watched++).ConfigureAwait(false);
                continue;
            }

            try
            {
                await reading.WaitAsync(left, _time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Time that was spent waiting for room of our own does not count: the way up tells.
            }
        }

        return await reading.ConfigureAwait(false);
    }

    /// <summary>Since the request was sent, without waits for our own room and for our own verifier.</summary>
    private TimeSpan Elapsed => _started == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_started) - (_room!.Waited - _waitedBefore) - _handingOver;

    private async ValueTask TimeOutAsync(int index)
    {
        if (Interlocked.CompareExchange(ref _states[index], Overdue, Waiting) != Waiting) return;
        Report(index, FetchVerdict.Timeout, Elapsed);
        if (_isLate || _isOutOfTime) return;

        // One place lets the whole stream go on: what comes of it then is used.
        _isLate = _source.TryBeginLate();
        _isOutOfTime = !_isLate;
        if (_isOutOfTime) await _giveUp.CancelAsync().ConfigureAwait(false);
    }

    private async ValueTask HandOverAsync(int index, SpanPart part, CancellationToken stopping)
    {
        PooledResponse wire = part.Wire!;
        if (!TryEnd(index, out bool wasOverdue))
        {
            wire.Dispose();
            return;
        }

        if (!wasOverdue) _source.Count(-1);
        int size = wire.Memory.Length;
        long begun = _time.GetTimestamp();
        try
        {
            FetchedResponse fetched = new(_source.Key, _range, _items[index], wire, size, part.Elapsed, part.FirstByteAfter, wasOverdue);
            await _verifier.SubmitAsync(fetched, stopping).ConfigureAwait(false);
            _room!.HandOver(size);
        }
        catch (OperationCanceledException)
        {
            wire.Dispose();
            if (!wasOverdue) _reports.Ended(_source.Key, _range, _items[index], FetchVerdict.OurFault, 0, part.Elapsed);
            throw;
        }

        _handingOver += _time.GetElapsedTime(begun);
    }

    private List<AskItem> EndRest(int next, SpanPart end)
    {
        List<AskItem> byThemselves = [];
        for (int i = next; i < _items.Length; i++)
        {
            FetchVerdict? verdict = i == next ? end.Next : end.Others;
            if (!TryEnd(i, out bool wasOverdue) || wasOverdue) continue;
            if (verdict is { } known) Report(i, known, Elapsed);
            else byThemselves.Add(_items[i]);
        }

        return byThemselves;
    }

    private void Report(int index, FetchVerdict verdict, TimeSpan elapsed)
    {
        _source.Count(-1);
        _reports.Ended(_source.Key, _range, _items[index], verdict, 0, elapsed);
    }

    private bool TryEnd(int index, out bool wasOverdue)
    {
        int before = Interlocked.Exchange(ref _states[index], Ended);
        wasOverdue = before == Overdue;
        if (before == Ended) return false;
        Interlocked.Decrement(ref _left);
        return true;
    }

    private void GiveUp()
    {
        try
        {
            _giveUp.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself in this very moment.
        }
    }
}
