using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpSync.Contracts.Peers;
using OpSync.Libp2p.Protocols.RequestResponse;
using OpSync.Silo.Peering;
using OpSync.Sync.Peers;
using OpSync.Sync.Ports;
using OpSync.Sync.Ranges;

namespace OpSync.Silo.Fetching;

/// <summary>Runs requests from their reservation to the verifier or to their end.</summary>
/// <remarks>A request that is not answered in time is reported as timed out, and its block asked elsewhere; but it stays open until
/// op-node's own deadline, and a block that comes after all goes the usual way. Only a few of a peer may do so.</remarks>
internal sealed class Fetcher(
    IByteBudget budget, Verifier verifier, FetchReports reports, IOptions<PeerLinkOptions> options, TimeProvider time, ILogger<Fetcher> log)
{
    private readonly ConcurrentDictionary<(PeerKey Peer, RangeKey Range, ulong RequestId), Action> _requests = new();   // with what ends each
    private readonly CancellationTokenSource _stopping = new();
    private readonly WorkCount _running = new();

    /// <summary>Starts a request, which ends when <paramref name="giveUp"/> says so, too.</summary>
    /// <param name="source">Whom to ask; its count includes the request already.</param>
    /// <param name="range">On whose behalf.</param>
    /// <param name="item">What.</param>
    /// <param name="timeout">What the answer may take.</param>
    /// <param name="giveUp">Ends it. Disposed here.</param>
    public void Start(IFetchSource source, RangeKey range, AskItem item, ReplyTimeout timeout, CancellationTokenSource giveUp)
    {
        _running.Begin();
        _requests[(source.Key, range, item.RequestId)] = giveUp.Cancel;
        Outside.Run(() => RunAsync(source, range, item, timeout, giveUp));
    }

    /// <summary>Starts requests for consecutive heights as one.</summary>
    /// <param name="source">Whom to ask; its count includes them already.</param>
    /// <param name="range">On whose behalf.</param>
    /// <param name="items">What: two or more, ascending without gaps, none of them urgent.</param>
    /// <param name="timeout">What an answer may take.</param>
    /// <param name="token">Ends them all.</param>
    public void StartSpan(IFetchSource source, RangeKey range, AskItem[] items, ReplyTimeout timeout, CancellationToken token)
    {
        _running.Begin();
        SpanFetch span = new(
            budget, verifier, reports, options.Value, time, log, source, range, items, timeout, CancellationTokenSource.CreateLinkedTokenSource(token));
        for (int i = 0; i < items.Length; i++)
        {
            int index = i;
            _requests[(source.Key, range, items[i].RequestId)] = () => span.Cancel(index);
        }

        Outside.Run(async () =>
        {
            List<AskItem> left = await span.RunAsync(_stopping.Token).ConfigureAwait(false);
            foreach (AskItem item in items) _requests.TryRemove((source.Key, range, item.RequestId), out _);
            foreach (AskItem item in left) Start(source, range, item, timeout, CancellationTokenSource.CreateLinkedTokenSource(token));
            _running.End();
        });
    }

    /// <summary>Ends single requests; unknown and ended ones are passed over.</summary>
    public void Cancel(PeerKey peer, RangeKey range, IReadOnlyList<ulong> requestIds)
    {
        foreach (ulong id in requestIds)
        {
            if (!_requests.TryRemove((peer, range, id), out Action? end)) continue;
            try
            {
                end();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself in this very moment.
            }
        }
    }

    /// <summary>Requests that have not ended.</summary>
    public int Open => _requests.Count;

    /// <summary>Waits for the end of requests whose tokens say so; what they had read is not verified any more.</summary>
    public Task StopAsync()
    {
        _stopping.Cancel();
        return _running.CloseAsync();
    }

    private async Task RunAsync(IFetchSource source, RangeKey range, AskItem item, ReplyTimeout timeout, CancellationTokenSource giveUp)
    {
        ReadReservation reservation = new(budget, item.Urgent, item.Priority, options.Value, time);
        FetchVerdict verdict = FetchVerdict.OurFault;
        ExchangeResult result = default;
        bool timedOut = false, isLate = false;
        try
        {
            await reservation.ExtendAsync(item.SizeExpected, giveUp.Token).ConfigureAwait(false);
            long started = time.GetTimestamp();
            Task<ExchangeResult> exchange = source.RequestAsync(range, item, reservation, giveUp.Token).AsTask();
            timedOut = !await EndsInTimeAsync(exchange, reservation, timeout.For(item.SizeExpected)).ConfigureAwait(false);
            if (timedOut)
            {
                source.Count(-1);
                reports.Ended(source.Key, range, item, FetchVerdict.Timeout, 0, time.GetElapsedTime(started));
                isLate = source.TryBeginLate();
                if (!isLate) await giveUp.CancelAsync().ConfigureAwait(false);
            }

            result = await exchange.ConfigureAwait(false);
            if (result.Outcome != ExchangeOutcome.Ok) Log.NoBlock(log, source.Key.Value, item.Number, result.Outcome.ToString());
            verdict = reservation.GaveUp ? FetchVerdict.OurFault : ToVerdict(result.Outcome);
        }
        catch (OperationCanceledException)
        {
            // Cancelled by the range or by the end of the process, or no room came: nobody's fault but ours.
        }
        catch (Exception e)
        {
            Log.HandOverFailed(log, e);
        }

        _requests.TryRemove((source.Key, range, item.RequestId), out _);
        giveUp.Dispose();
        if (!timedOut) source.Count(-1);
        await EndAsync(source.Key, range, item, verdict, result, reservation, timedOut).ConfigureAwait(false);
        if (isLate) source.EndLate();
        _running.End();
    }

    private async Task EndAsync(
        PeerKey peer, RangeKey range, AskItem item, FetchVerdict verdict, ExchangeResult result, ReadReservation reservation, bool late)
    {
        TimeSpan elapsed = result.Elapsed - result.BudgetWait;
        if (result.Response is { } response)
        {
            try
            {
                FetchedResponse fetched = new(peer, range, item, response, reservation.Taken, elapsed, result.FirstByteAfter, late);
                await verifier.SubmitAsync(fetched, _stopping.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException)
            {
                response.Dispose();
                verdict = FetchVerdict.OurFault;
            }
        }

        reservation.ReturnAll();
        if (!late) reports.Ended(peer, range, item, verdict, 0, elapsed);
    }

    /// <summary>False if the time is up. While the request waits for room of our own, its time stands still.</summary>
    private async Task<bool> EndsInTimeAsync(Task exchange, ReadReservation reservation, TimeSpan patience)
    {
        TimeSpan waited = reservation.Waited;
        while (true)
        {
            // A deadline that is no earlier than the exchange's own needs no timer beside it.
            if (patience >= options.Value.ReadTimeout) return true;
            try
            {
                await exchange.WaitAsync(patience, time).ConfigureAwait(false);
                return true;
            }
            catch (TimeoutException)
            {
                if (exchange.IsCompleted) return true;
                patience = reservation.Waited - waited;
                if (patience <= TimeSpan.Zero) return false;
                waited += patience;
            }
        }
    }

    /// <summary>What an exchange without an answer means.</summary>
    public static FetchVerdict ToVerdict(ExchangeOutcome outcome) => outcome switch
    {
        ExchangeOutcome.Timeout => FetchVerdict.Timeout,
        ExchangeOutcome.Unsupported => FetchVerdict.Unsupported,
        ExchangeOutcome.TooLarge => FetchVerdict.Malformed,
        ExchangeOutcome.NotConnected => FetchVerdict.NotAsked,
        ExchangeOutcome.Ok or ExchangeOutcome.Cancelled => FetchVerdict.OurFault,

        // A stream that could not be opened met a limit of ours or of the peer: it says nothing of the height.
        ExchangeOutcome.OpenFailed => FetchVerdict.RateLimited,
        _ => FetchVerdict.Failed,
    };
}
