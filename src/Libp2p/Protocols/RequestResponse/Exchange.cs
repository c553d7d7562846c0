using OpSync.Libp2p.Identity;
using OpSync.Libp2p.Multistream;
using OpSync.Libp2p.Streams;
using OpSync.Libp2p.Swarms;
using OpSync.Libp2p.Transport;

namespace OpSync.Libp2p.Protocols.RequestResponse;

/// <summary>One request and its answer on a stream of its own: write, half-close, read to the end.</summary>
public static class Exchange
{
    /// <summary>Sends a request to a connected peer and reads the whole answer.</summary>
    /// <remarks>Once the peer is known to speak a protocol, a request is one round trip. Whatever ends an exchange early resets its
    /// stream. Nothing is thrown for what the peer, the network or the token does.</remarks>
    /// <param name="swarm">Has the connection.</param>
    /// <param name="peer">Whom to ask.</param>
    /// <param name="protocols">In order of preference.</param>
    /// <param name="request">Kept unchanged until the exchange is over.</param>
    /// <param name="limits">Sizes and times.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    public static async ValueTask<ExchangeResult> RequestAsync(
        Swarm swarm, PeerId peer, IReadOnlyList<string> protocols, ReadOnlyMemory<byte> request, ExchangeLimits limits,
        CancellationToken cancellationToken)
    {
        TimeProvider time = swarm.Time;
        long started = time.GetTimestamp();
        using ResponseReader reader = new(limits, time);
        using Deadline deadline = new(limits.OpenTimeout, time, cancellationToken);
        ExchangeResult result;
        for (bool optimistic = true; ; optimistic = false)
        {
            try
            {
                result = await TryAsync(optimistic);
                break;
            }
            catch (ProtocolRefusedException e) when (optimistic && e.Verdict == MultistreamVerdict.Refused)
            {
                // The peer no longer speaks what it once did, and has dropped the request.
                deadline.Restart(limits.OpenTimeout);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                result = new ExchangeResult(OutcomeOf(e, cancellationToken), null, null);
                break;
            }
        }
        return result with
        {
            Elapsed = time.GetElapsedTime(started),
            FirstByteAfter = reader.FirstByteAt == 0 ? default : time.GetElapsedTime(started, reader.FirstByteAt),
            BudgetWait = reader.BudgetWait,
        };

        async ValueTask<ExchangeResult> TryAsync(bool optimistic)
        {
            OpenResult open = await swarm.OpenStreamAsync(peer, protocols, optimistic, deadline.Token);
            if (!open.IsOpened)
                return new ExchangeResult(OutcomeOf(open.Outcome), null, null);
            await using Libp2pStream stream = open.Stream;
            try
            {
                deadline.Restart(limits.WriteTimeout);
                await stream.WriteAsync(request, deadline.Token);
                await stream.CloseWriteAsync(deadline.Token);
                deadline.Restart(limits.ReadTimeout);
                return await reader.ReadAsync(stream, deadline)
                    ? new ExchangeResult(ExchangeOutcome.Ok, reader.Take(), open.Protocol)
                    : new ExchangeResult(ExchangeOutcome.TooLarge, null, open.Protocol);
            }
            catch (ProtocolRefusedException e) when (e.Verdict == MultistreamVerdict.Refused)
            {
                swarm.Forget(peer, open.Protocol);
                throw;
            }
        }
    }

    /// <summary>What an exception of a stream, or of the token, means for the exchange.</summary>
    internal static ExchangeOutcome OutcomeOf(Exception e, CancellationToken cancellationToken) => e switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => ExchangeOutcome.Cancelled,
        OperationCanceledException => ExchangeOutcome.Timeout,
        ProtocolRefusedException { Verdict: not MultistreamVerdict.Closed } => ExchangeOutcome.OpenFailed,
        _ => ExchangeOutcome.Reset,
    };

    internal static ExchangeOutcome OutcomeOf(OpenOutcome outcome) => outcome switch
    {
        OpenOutcome.NotConnected => ExchangeOutcome.NotConnected,
        OpenOutcome.Unsupported => ExchangeOutcome.Unsupported,
        OpenOutcome.Timeout => ExchangeOutcome.Timeout,
        _ => ExchangeOutcome.OpenFailed,
    };
}
