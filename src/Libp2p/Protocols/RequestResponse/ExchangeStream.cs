using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>One request whose answer is read in parts while it arrives, on a stream of its own.</summary>
/// <remarks>The read time runs only while the peer is waited for: what its reader does between two parts, and waits for its own room,
/// are not the peer's slowness. Nothing is thrown for what the peer, the network or the token does. For one caller at a time.</remarks>
/// <param name="swarm">Has the connection.</param>
/// <param name="peer">Whom to ask.</param>
/// <param name="protocol">Spoken by the peer as far as known; if it is refused, that is forgotten.</param>
/// <param name="limits">Times, and the budget. Sizes are the caller's.</param>
/// <param name="cancellationToken">Gives the request up.</param>
public sealed class ExchangeStream(Swarm swarm, PeerId peer, string protocol, ExchangeLimits limits, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly Deadline _deadline = new(limits.OpenTimeout, swarm.Time, cancellationToken);
    private readonly ResponseReader _reader = new(limits, swarm.Time);
    private Libp2pStream? _stream;
    private TimeSpan _opening;
    private TimeSpan _reading;

    /// <summary>Time that the peer and the way to it have taken so far, since the request was begun.</summary>
    public TimeSpan Spent => _opening + _reading;

    /// <summary>Opens the stream, writes the request and half-closes. Called once, before anything else.</summary>
    public async ValueTask<ExchangeOutcome> RequestAsync(ReadOnlyMemory<byte> request)
    {
        long started = swarm.Time.GetTimestamp();
        try
        {
            OpenResult open = await swarm.OpenStreamAsync(peer, [protocol], optimistic: true, _deadline.Token);
            if (!open.IsOpened)
                return Exchange.OutcomeOf(open.Outcome);
            _stream = open.Stream;
            _deadline.Restart(limits.WriteTimeout);
            await _stream.WriteAsync(request, _deadline.Token);
            await _stream.CloseWriteAsync(_deadline.Token);
            _deadline.Restart(Timeout.InfiniteTimeSpan);
            return ExchangeOutcome.Ok;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return OutcomeOf(e);
        }
        finally
        {
            _opening = swarm.Time.GetElapsedTime(started);
        }
    }

    /// <summary>Fills a small buffer; an answer that ends before counts as reset.</summary>
    public async ValueTask<ExchangeOutcome> ReadAsync(Memory<byte> target)
    {
        long started = Begin();
        try
        {
            await _stream!.ReadExactlyAsync(target, _deadline.Token);
            return ExchangeOutcome.Ok;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return OutcomeOf(e);
        }
        finally
        {
            End(started, TimeSpan.Zero);
        }
    }

    /// <summary>Reads a part of known length, for which the budget is asked as far as it is not accounted for.</summary>
    /// <param name="length">Bytes, 1 or more.</param>
    /// <param name="accounted">Bytes that were taken from the budget for it, 0 or more.</param>
    /// <returns>The part, with <see cref="ExchangeOutcome.Ok"/>; its receiver disposes it.</returns>
    public async ValueTask<(ExchangeOutcome Outcome, PooledResponse? Part)> ReadPartAsync(int length, int accounted)
    {
        TimeSpan waitedBefore = _reader.BudgetWait, limit = limits.ReadTimeout - _reading;
        long started = Begin();
        try
        {
            return (ExchangeOutcome.Ok, await _reader.ReadPartAsync(_stream!, length, accounted, limit, _deadline));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return (OutcomeOf(e), null);
        }
        finally
        {
            End(started, _reader.BudgetWait - waitedBefore);
        }
    }

    /// <summary>Reads what is left, a few bytes as the caller knows: so that the peer sees an end and no reset.</summary>
    public async ValueTask FinishAsync()
    {
        Begin();
        byte[] rest = new byte[64];
        try
        {
            await _stream!.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, _deadline.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // All that was asked for is here.
        }
    }

    /// <summary>Resets the stream unless it was read to its end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
            await _stream.DisposeAsync();
        _reader.Dispose();
        _deadline.Dispose();
    }

    private long Begin()
    {
        TimeSpan left = limits.ReadTimeout - _reading;
        _deadline.Restart(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        return swarm.Time.GetTimestamp();
    }

    private void End(long started, TimeSpan waited)
    {
        _reading += swarm.Time.GetElapsedTime(started) - waited;
        _deadline.Restart(Timeout.InfiniteTimeSpan);
    }

    private ExchangeOutcome OutcomeOf(Exception e)
    {
        if (e is not ProtocolRefusedException { Verdict: MultistreamVerdict.Refused })
            return Exchange.OutcomeOf(e, cancellationToken);
        swarm.Forget(peer, protocol);
        return ExchangeOutcome.Unsupported;
    }
}
